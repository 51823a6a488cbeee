//! What goes wrong in a language as it goes wrong there, in a guest and in a provider:
//! what becomes of it has a type, the operator sees what that language says, and each
//! record is accounted for. `tests/raises/README.md` says what is run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_host::runner::RecordPath;
use solti_metrics_tests::oracle::Oracle;
use solti_metrics_tests::toolchains::toolchains;

#[path = "raises/command.rs"]
mod command;
#[path = "raises/guests.rs"]
mod guests;
#[path = "raises/providers.rs"]
mod providers;

/// What a toolchain makes of the source, and how that ends as a guest.
struct Raises {
    toolchain: &'static str,
    extension: &'static str,
    /// Whether it says anything.
    speaks: bool,
    /// Whether compiling it takes so long that the command is not made to do it.
    large: bool,
}

const ALL: [Raises; 9] = [
    raises("c", "c"),
    raises("cpp", "cpp"),
    raises("go", "go"),
    raises("python", "py").large(),
    raises("quickjs", "js"),
    raises("rust", "rs"),
    raises("starlingmonkey", "js").large(),
    raises("wat", "wat").silent(),
    raises("zig", "zig"),
];

const fn raises(toolchain: &'static str, extension: &'static str) -> Raises {
    Raises {
        toolchain,
        extension,
        speaks: true,
        large: false,
    }
}

impl Raises {
    const fn large(mut self) -> Self {
        self.large = true;
        self
    }

    const fn silent(mut self) -> Self {
        self.speaks = false;
        self
    }

    fn trials(&'static self) -> Vec<Trial> {
        let component = Oracle::example(self.toolchain, "raises");
        let named = |what: &str| format!("{}::{what}", self.toolchain);
        let speaks = self.speaks;
        let mut trials = Vec::new();
        for (name, path) in [
            ("a_guest_fails_inline", RecordPath::Inline),
            ("a_guest_fails_direct", RecordPath::Direct),
        ] {
            trials.push(component.trial(&named(name), move |component| {
                guests::check(component, path, speaks)
            }));
        }
        let name = named("a_provider_loses_the_record_at_which_it_fails");
        trials.push(component.trial(&name, move |component| providers::check(component, speaks)));
        if !self.large {
            let name = named("the_command_tells_of_both");
            trials.push(component.trial(&name, move |component| command::check(component, speaks)));
        }
        trials
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("each_source_is_built_and_run", || {
        all_are_run().map_err(|error| Failed::from(format!("{error:#}")))
    })];
    trials.extend(ALL.iter().flat_map(Raises::trials));
    libtest_mimic::run(&arguments, trials).exit();
}

fn all_are_run() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("raises");
    let mut sources = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|stem| stem == "raises") && path.is_file() {
            sources.extend(path.extension().map(|found| found.to_string_lossy().into()));
        }
    }
    let listed: BTreeSet<String> = ALL.iter().map(|raises| raises.extension.into()).collect();
    ensure!(sources == listed, "in the folder: {sources:?}");
    let mut built = toolchains()?;
    built.push("rust".into());
    built.retain(|toolchain| !ALL.iter().any(|raises| raises.toolchain == toolchain));
    ensure!(built.is_empty(), "not run: {built:?}");
    Ok(())
}
