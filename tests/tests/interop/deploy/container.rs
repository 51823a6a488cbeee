//! Checks the container's file, instruction by instruction. The tests do not build the
//! image.

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::trial::{Trial, trial};

use crate::deploy::settings::Settings;
use crate::deploy::{deployed, root};

/// All permitted instructions.
const INSTRUCTIONS: [&str; 11] = [
    "FROM",
    "WORKDIR",
    "COPY",
    "RUN",
    "USER",
    "VOLUME",
    "EXPOSE",
    "STOPSIGNAL",
    "ENTRYPOINT",
    "CMD",
    "ENV",
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_container_is_built_from_existing_files", sources),
        trial("the_container_runs_unprivileged_and_ends_on_sigterm", runs),
        trial("the_container_has_the_required_compiler", compiler),
    ]
}

/// Instructions, with their arguments on one line.
struct Containerfile(Vec<(String, String)>);

impl Containerfile {
    fn read() -> Result<Self> {
        let text = deployed("Containerfile")?.replace("\\\n", " ");
        let mut instructions = Vec::new();
        for line in text.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, rest) = line.split_once(' ').with_context(|| line.to_owned())?;
            ensure!(INSTRUCTIONS.contains(&name), "no instruction: {line}");
            instructions.push((name.to_owned(), rest.trim().to_owned()));
        }
        Ok(Self(instructions))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(found, _)| found == name);
        found.map(|(_, rest)| &**rest)
    }

    /// The effective instruction: the last of its kind.
    fn last(&self, name: &str) -> Result<&str> {
        let last = self.all(name).last();
        last.with_context(|| format!("no {name}"))
    }
}

fn sources() -> Result<()> {
    let file = Containerfile::read()?;
    let first = file.0.first().context("empty")?;
    ensure!(first.0 == "FROM" && first.1.ends_with(" AS build"));
    for copy in file.all("COPY") {
        let words: Vec<_> = copy.split(' ').collect();
        let (flags, paths): (Vec<_>, Vec<_>) =
            words.into_iter().partition(|word| word.starts_with("--"));
        let (_, sources) = paths.split_last().context("COPY of nothing")?;
        ensure!(!sources.is_empty(), "COPY {copy}");
        if flags.iter().any(|flag| flag.starts_with("--from=")) {
            ensure!(flags.contains(&"--from=build"), "COPY {copy}");
            continue;
        }
        for source in sources {
            ensure!(root().join(source).exists(), "{source} does not exist");
        }
    }
    let build = "cargo build --release --locked --package solti-metrics-cli";
    ensure!(file.all("RUN").any(|run| run == build), "no {build}");
    let manifest = std::fs::read_to_string(root().join("host/cli/Cargo.toml"))?;
    ensure!(manifest.contains("name = \"solti-metrics-cli\""));
    let built = "/src/target/release/solti-metrics /usr/bin/solti-metrics";
    ensure!(file.all("COPY").any(|copy| copy.ends_with(built)));
    // The ignored paths contain no file that the build of the image needs.
    let left_out = deployed("Containerfile.dockerignore")?;
    let mut left_out = left_out.lines().filter(|line| !line.starts_with('#'));
    ensure!(left_out.all(|path| matches!(path, ".git" | ".ci" | "target" | "**/__pycache__")));
    Ok(())
}

fn runs() -> Result<()> {
    let file = Containerfile::read()?;
    let (user, _) = file.last("USER")?.split_once(':').context("no group")?;
    ensure!(user.parse::<u32>()? > 0, "a name can be root's");
    ensure!(file.last("STOPSIGNAL")? == "SIGTERM");
    let config = Settings::read(&deployed("serve.toml")?)?;
    ensure!(file.last("EXPOSE")? == format!("{}/tcp", config.port()?));
    let volumes: Vec<String> = serde_json::from_str(file.last("VOLUME")?)?;
    let cache = config.text("compilation", "cache")?;
    ensure!(volumes.iter().any(|volume| cache.starts_with(&**volume)));
    let command: Vec<String> = serde_json::from_str(file.last("CMD")?)?;
    ensure!(command == ["serve", "/etc/solti-metrics/serve.toml"]);
    let entry: Vec<String> = serde_json::from_str(file.last("ENTRYPOINT")?)?;
    ensure!(entry == ["/usr/bin/solti-metrics"]);
    Ok(())
}

fn compiler() -> Result<()> {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
    let asked = manifest["workspace"]["package"]["rust-version"].as_str();
    let asked = asked.context("no rust-version")?;
    let file = Containerfile::read()?;
    let mut images = file.all("FROM");
    let build = images.next().context("no image")?;
    ensure!(
        build.starts_with(&format!("docker.io/library/rust:{asked}.")),
        "{build}"
    );
    // The binary uses the C library of the release on which it was built.
    ensure!(build.contains("bookworm"), "{build}");
    ensure!(images.all(|image| image.contains("debian12")));
    Ok(())
}
