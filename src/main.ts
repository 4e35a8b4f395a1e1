#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { findConfigFile } from './config/config-file.js';
import { loadConfig } from './config/load.js';
import { suggestion } from './config/suggestion.js';
import { GatewayError } from './errors.js';
import { type NodePlace, placeOf } from './ops/place.js';
import { connectionsReport, type ReportOptions, showReport, statusReport } from './ops/report-command.js';
import { notRunning, RunningNode } from './ops/running-node.js';
import { report } from './ops/supervision.js';
import type { StartOptions } from './start.js';

/** The command line. Exit status: 0 done, 1 failed, 2 misused. */

const FAILED = 1;
const MISUSED = 2;
