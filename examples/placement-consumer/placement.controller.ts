import { Controller, Get, Inject, NotFoundException, Param, Put, Query } from '@nestjs/common';
import { PlacementService, type Whereabouts } from './placement.service.js';

@Controller()
export class PlacementController {
  constructor(@Inject(PlacementService) private readonly placement: PlacementService) {}

  @Get('where/:tenant/:resource')
  async where(
    @Param('tenant') tenant: string,
    @Param('resource') resource: string,
  ): Promise<Whereabouts> {
    const found = await this.placement.where(tenant, resource);
    if (found === null) throw new NotFoundException(`${tenant}/${resource} has no place`);
    return found;
  }

  @Get('on/:node')
  on(@Param('node') node: string): readonly string[] {
    return this.placement.on(node);
  }

  @Put('where/:tenant/:resource')
  async place(
    @Param('tenant') tenant: string,
    @Param('resource') resource: string,
    @Query('node') node: string,
  ): Promise<{ node: string }> {
    return { node: await this.placement.place(tenant, resource, node) };
  }
}
