#!/usr/bin/env -S node --initial-old-space-size=256
'use strict';
require('../dist/src/cli/main.js');
