// Runs a WebAssembly program for WASI in node: node wasm.mjs PROGRAM
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const wasi = new WASI({ version: 'preview1' });
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), imports);
process.exitCode = wasi.start(instance);
