import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { NodeFacts } from '../../app/node-facts.js';
import { KINDS_REGISTRY } from '../../app/tokens.js';
import type { KindRegistry } from '../../kinds/index.js';
import { ALL_QUERIES } from '../../query/all-queries.js';
import { DOCS_POLICY, docsPage } from './docs-page.js';
import { openApiDocument } from './openapi-document.js';

/** `/openapi.json` and the page made from it. */
@Controller()
export class OpenApiController {
  private readonly json: string;
  private readonly page: string;

  constructor(
    @Inject(KINDS_REGISTRY) kinds: KindRegistry,
    @Inject(NodeFacts) { version }: NodeFacts,
  ) {
    const document = openApiDocument(kinds, ALL_QUERIES, version);
    this.json = JSON.stringify(document);
    this.page = docsPage(document);
  }

  @Get('openapi.json')
  document(@Res() response: Response): void {
    response.type('application/json').send(this.json);
  }

  @Get('docs')
  docs(@Res() response: Response): void {
    response.setHeader('Content-Security-Policy', DOCS_POLICY);
    response.type('html').send(this.page);
  }
}
