//! The commands of `docs/operate/README.md`, but for those of `serve`.

use anyhow::{Result, ensure};

use super::{OPERATE, blocks_of, folder_with, only, shell};

#[test]
fn the_commands_succeed_as_shown() -> Result<()> {
    let folder = folder_with(&["digest"])?;
    for line in only(&blocks_of(OPERATE)?, "sh", "digest.wasm")?.lines() {
        shell(line, folder.path())?;
    }
    Ok(())
}

#[test]
fn the_precompiled_file_runs_as_shown() -> Result<()> {
    let folder = folder_with(&["digest"])?;
    for line in only(&blocks_of(OPERATE)?, "sh", "precompile")?.lines() {
        let printed = shell(line, folder.path())?;
        ensure!(!printed.contains("warning"), "{line}\n{printed}");
    }
    Ok(())
}
