import {
  BadRequestException,
  Catch,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { MetadError } from '@metad/contract';
import type { Request, Response } from 'express';
import { answerError } from './http-answer.js';

const pathCharsMax = 200;

/** What no controller takes, wherever it lies: its answer is an error body like any other. */
@Catch(NotFoundException, BadRequestException)
export class UnservedPathFilter implements ExceptionFilter {
  catch(fault: NotFoundException | BadRequestException, host: ArgumentsHost): void {
    const { method, path } = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return;
    const asked = `${method} on ${path.slice(0, pathCharsMax)}`;
    answerError(response, errorOf(fault, asked));
  }
}

/** Paths that cannot be decoded are the only other thing that Nest refuses by itself. */
function errorOf(fault: NotFoundException | BadRequestException, asked: string): MetadError {
  if (fault instanceof NotFoundException) {
    return new MetadError('NOT_FOUND', `no ${asked}; see /docs`);
  }
  const faults = [{ field: 'path', reason: 'cannot be decoded' }];
  return new MetadError('INVALID_ARGUMENT', `${asked}: ${fault.message}`, { faults });
}
