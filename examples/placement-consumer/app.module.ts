import { Module } from '@nestjs/common';
import { MetadataClientModule } from '@metad/client/nest';
import { PlacementController } from './placement.controller.js';
import { PlacementService } from './placement.service.js';

/** A service that routes requests by the placement that metad keeps. */
@Module({
  imports: [
    MetadataClientModule.forRootAsync({
      useFactory: () => ({
        servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222',
        namespace: process.env['NAMESPACE'] ?? 'prod',
        actor: 'placement-consumer',
      }),
    }),
  ],
  controllers: [PlacementController],
  providers: [PlacementService],
})
export class AppModule {}
