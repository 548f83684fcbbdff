#!/usr/bin/env node
// Starts Alcazar: the sources in a checkout, the plain JavaScript in a package.
// Written in ES5, because an old Node must get far enough to say what is missing.
'use strict'

var fs = require('fs')
var path = require('path')

var NEEDED_MAJOR = 24 // package.json, engines
// A fixed size of the young generation and one arena for all threads keep the service's memory flat, a tenth of which
// would be room that nobody uses; both can only be given at the start of Node.
var YOUNG_GENERATION = '--max-semi-space-size=8'
var ARENAS = 'MALLOC_ARENA_MAX'
var root = path.join(__dirname, '..')

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  start()
} else {
  startWithPinnedNode()
}

function start() {
  if (process.argv[2] === 'serve' && process.execve && process.execArgv.indexOf(YOUNG_GENERATION) === -1) {
    process.env[ARENAS] = process.env[ARENAS] || '1'
    var flags = process.execArgv.concat(YOUNG_GENERATION, __filename)
    process.execve(process.execPath, [process.execPath].concat(flags, process.argv.slice(2)), process.env)
  }
  var source = path.join(root, 'src', 'main.ts')
  if (!fs.existsSync(source)) return require(path.join(root, 'dist', 'main.js'))
  // Types are stripped once and kept: it starts faster and holds 40 MB less. The folder is ours alone, not the system's
  // temporary one, since whoever writes it decides what runs.
  require('module').enableCompileCache(path.join(root, 'node_modules', '.cache', 'alcazar'))
  require(source)
}

// A checkout has its own Node, installed by npm beside the other dependencies.
function startWithPinnedNode() {
  var pinned = path.join(root, 'node_modules', 'node', 'bin', 'node')
  if (!fs.existsSync(pinned)) {
    var found = process.version + ' at ' + process.execPath
    process.stderr.write('alcazar needs Node.js ' + NEEDED_MAJOR + ' or newer, and this is ' + found + '.\n')
    process.stderr.write('Install it from https://nodejs.org, or in a checkout run npm ci, which brings the right one.\n')
    process.exit(1)
  }
  var args = [__filename].concat(process.argv.slice(2))
  if (process.execve) process.execve(pinned, [pinned].concat(args), process.env)
  else runAsChild(pinned, args)
}

function runAsChild(command, args) {
  var child = require('child_process').spawn(command, args, { stdio: 'inherit' })
  var forwarded = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGINT']
  forwarded.forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends Ctrl-C to the child as well: twice would cut its draining short.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  })
  child.on('error', function (error) {
    process.stderr.write('alcazar: ' + command + ' does not start: ' + error.message + '\n')
    process.exit(1)
  })
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal) // end as the child ended
  })
}
