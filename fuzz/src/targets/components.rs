//! Bytes of components: every reader of components rejects or accepts them without a panic.

use std::sync::LazyLock;

use anyhow::{Result, anyhow, ensure};
use solti_metrics_host::component::{Inspection, LoadError, Role};
use solti_metrics_host::compose::{Part, compose};
use solti_metrics_host::provider::{Grants, Providers};
use solti_metrics_tests::parts::{RETURN, guest};

use crate::oracle::is_one_line;
use crate::recorders::recorders;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "components",
    run,
    seeds: &[],
    words: &[
        "solti:metrics/backend@0.1.0", "solti:metrics/backend@0.2.0", "solti:shim/ring", "wasi:cli/run@0.2.12", "wasi:cli/exit@0.2.12",
        "\0asm\r\0\u{1}\0", "\0asm\u{1}\0\0\0", "\u{7}\u{3}\u{1}\u{66}\0", "\u{1b}[2J",
    ],
    longest: 16 << 10,
    limits: Limits::WASM,
};

static PROVIDERS: LazyLock<Result<Providers>> = LazyLock::new(|| Ok(Providers::new()?));

fn run(input: &[u8]) -> Result<()> {
    let inspected = Inspection::of("part\n", input);
    let role = match &inspected {
        Ok(inspection) => {
            let _ = (inspection.is_inlined(), inspection.metrics_version());
            for interface in inspection.imports.iter().chain(&inspection.exports) {
                ensure!(interface.name().starts_with(interface.path()), "{interface:?}");
            }
            if let Err(error) = inspection.runnable("part\n") {
                message(&error)?;
            }
            inspection.role()
        }
        Err(error) => {
            message(error)?;
            Role::None
        }
    };
    for recorder in recorders()? {
        match recorder.load(input) {
            Ok(program) => {
                ensure!(inspected.is_ok(), "a program that is not a component");
                reached();
                // A start function can do anything within the limits.
                let _ = recorder.run(&program)?;
            }
            Err(error) => message(&error)?,
        }
    }
    let providers = PROVIDERS.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    match providers.load("part\n", input, &Grants::new()) {
        Ok(provider) => ensure!(
            matches!(role, Role::Provider | Role::Middleware),
            "{} as a provider",
            provider.name()
        ),
        Err(error) => message(&error)?,
    }
    composed(input)
}

fn composed(input: &[u8]) -> Result<()> {
    static GUEST: LazyLock<Result<Vec<u8>>> = LazyLock::new(|| guest(RETURN));
    let guest = GUEST.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let (name, bytes) = ("part\n", input);
    match compose(&[Part { name: "guest", bytes: guest }, Part { name, bytes }]) {
        Ok(composed) => {
            let again = Inspection::of("composed", &composed.bytes)?;
            ensure!(again.role() == composed.inspection.role(), "{again:?}");
        }
        Err(error) => is_one_line(&error.to_string())?,
    }
    Ok(())
}

fn message(error: &LoadError) -> Result<()> {
    is_one_line(&error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use anyhow::{Result, ensure};
    use solti_metrics_tests::guest::{asynchronous, recording};
    use solti_metrics_tests::parts::{EXIT, failing, guest, keeper, keeping_middleware};

    /// `BLESS=1` writes the seeds, because they are binary files.
    #[test]
    fn the_seeds_are_components_of_each_role() -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/components");
        for (name, bytes) in [
            ("empty", recording(&[])?),
            ("guest", guest(EXIT)?),
            ("asynchronous", asynchronous(&recording(&[])?)),
            ("provider", keeper()?),
            ("failing", failing(false, 'x', 3)?),
            ("middleware", keeping_middleware()?),
        ] {
            let file = folder.join(name);
            if std::env::var("BLESS").is_ok_and(|it| it == "1") {
                fs::create_dir_all(&folder)?;
                fs::write(&file, &bytes)?;
            }
            ensure!(fs::read(&file)? == bytes, "BLESS=1 rewrites {name}");
        }
        Ok(())
    }
}
