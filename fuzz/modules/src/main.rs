//! Makes valid core modules from bytes, until standard input ends.
//!
//! A request has three parts: a module with the allowed imports, a module with the exports, and the
//! bytes. The answer is one part: the module, or nothing if the bytes make none. A part has its
//! length in front of it, as 32 bits, least significant byte first.

use std::io::{self, Read, Write};

use anyhow::Result;
use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// Number of loop iterations and calls of an instance, so that every function ends.
const FUEL: u32 = 200;

/// Maximum length of a part, in bytes.
const LONGEST: u64 = 1 << 20;

fn main() -> Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(imports) = part(&mut input)? {
        let exports = part(&mut input)?.unwrap_or_default();
        let bytes = part(&mut input)?.unwrap_or_default();
        let module = module(imports, exports, &bytes).unwrap_or_default();
        output.write_all(&u32::try_from(module.len())?.to_le_bytes())?;
        output.write_all(&module)?;
        output.flush()?;
    }
    Ok(())
}

/// The next part, or nothing at the end of the input.
fn part(input: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if input.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    input.read_exact(&mut length[1..])?;
    let length = u64::from(u32::from_le_bytes(length)).min(LONGEST);
    let mut part = Vec::new();
    input.take(length).read_to_end(&mut part)?;
    Ok(Some(part))
}

fn module(imports: Vec<u8>, exports: Vec<u8>, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut input = Unstructured::new(bytes);
    let config = Config {
        available_imports: Some(imports),
        exports: Some(exports),
        // Values that differ between compilations are not the subject of the targets.
        canonicalize_nans: true,
        relaxed_simd_enabled: false,
        // The runtime rejects these proposals.
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_funcs: 12,
        max_instructions: 160,
        max_memories: 2,
        max_table_elements: 10_000,
        max_tables: 3,
        min_memories: 1,
        ..Config::default()
    };
    let mut module = Module::new(config, &mut input)?;
    module.ensure_termination(FUEL)?;
    Ok(module.to_bytes())
}
