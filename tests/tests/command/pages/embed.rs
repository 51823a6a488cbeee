//! The commands of `docs/embed/README.md`.

use anyhow::{Result, ensure};

use super::{EMBED, blocks_of, folder_with, only, shell};

#[test]
fn the_components_conform_as_shown() -> Result<()> {
    let folder = folder_with(&["digest", "provider"])?;
    for line in only(&blocks_of(EMBED)?, "sh", "conformance")?.lines() {
        let printed = shell(line, folder.path())?;
        ensure!(printed.contains(" conforms: "), "{line}\n{printed}");
    }
    Ok(())
}
