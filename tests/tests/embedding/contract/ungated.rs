//! The copy of the package for tools that cannot open gates equals the package.

use anyhow::Result;

use crate::contract::package::{Package, root};

/// The copied files. The others are links.
const UNGATED: [&str; 2] = ["exposition.wit", "lifecycle.wit"];

#[test]
fn the_ungated_copy_is_the_package_with_two_open_gates() -> Result<()> {
    let mut expected = Package::current()?;
    for (name, text) in &mut expected.files {
        if UNGATED.contains(&name.as_str()) {
            let lines = text.lines().filter(|line| !line.contains("@unstable("));
            *text = lines.map(|line| format!("{line}\n")).collect();
        }
    }
    let folder = root().join("guest/examples/provider/wit/deps/solti-metrics");
    assert_eq!(Package::read(&folder)?, expected);
    Ok(())
}
