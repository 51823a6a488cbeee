//! The guests that `build.rs` has built.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// With the system interface: files, clocks, standard streams.
pub const WASI: &str = "wasm32-wasip2";

/// Without WASI: the component imports only the metrics.
pub const BARE: &str = "wasm32-unknown-unknown";

/// The component that `build.rs` has built from `guest/examples/<name>.rs` for this
/// target.
#[must_use]
pub fn artifact(name: &str, target: &str) -> PathBuf {
    Path::new(env!("GUESTS"))
        .join(target)
        .join("guest/examples")
        .join(name)
        .with_extension("wasm")
}

/// The compiler that built the guests.
#[must_use]
pub fn compiler() -> &'static Path {
    Path::new(env!("GUEST_RUSTC"))
}

/// The command, built next to the tests.
#[must_use]
pub fn command() -> PathBuf {
    profile().join("solti-metrics")
}

/// The command, which a test of another package does not build by itself.
///
/// # Errors
///
/// When it is not built.
pub fn program() -> Result<PathBuf> {
    let program = command();
    ensure!(
        program.is_file(),
        "there is no {}; run `cargo build --workspace` first",
        program.display()
    );
    Ok(program)
}

/// What commands that a test starts have as `XDG_CACHE_HOME`, so that none of them
/// uses what this user keeps.
#[must_use]
pub fn cache_home() -> PathBuf {
    profile().join("kept-by-tests")
}

fn profile() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    // <target>/<profile>/deps/<test>
    test.ancestors().nth(2).unwrap_or(Path::new(".")).into()
}
