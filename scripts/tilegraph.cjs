#!/usr/bin/env -S node --initial-old-space-size=256 --max-semi-space-size=64
'use strict';
require('../dist/src/cli/main.js');
