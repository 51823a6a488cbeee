use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::components::{Program, Provider};
use super::model::Model;
use super::scenario::{Broken, Scenario, Step};
use super::setup::Setup;
use super::tools::Tools;
use crate::artifact::{WASI, artifact};
use crate::guest::another_build;
use crate::http::connect;
use crate::served::{FILE, HEAD, Served, serve};

/// Maximum time of a scenario.
const GUARD: Duration = Duration::from_secs(180);

/// Number of attempts of a reload. Requests that were sent before it can end before it.
const ATTEMPTS: u32 = 4;

/// A runner that lives through a scenario.
pub(crate) struct Player {
    pub(crate) served: Served,
    pub(crate) model: Model,
    folder: TempDir,
    first_tables: String,
    pub(crate) setup: Setup,
    /// The content of each component's file.
    files: BTreeMap<&'static str, Vec<u8>>,
    builds: usize,
    /// Connections of clients that never finish their request.
    unfinished: Vec<TcpStream>,
    /// Number of checked scrapes.
    pub(crate) scrapes: u64,
}

impl Player {
    /// Starts a runner with the first configuration of the scenario.
    pub(crate) fn start(scenario: &Scenario, tools: &Tools, cache: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut files = BTreeMap::new();
        for program in Program::ALL {
            files.insert(program.file(), program.component()?);
        }
        for provider in Provider::ALL {
            files.insert(provider.file(), provider.component()?);
        }
        for (name, bytes) in &files {
            fs::write(folder.path().join(name), bytes)?;
        }
        fs::copy(
            artifact("middleware", WASI),
            folder.path().join("middleware.wasm"),
        )?;
        fs::write(folder.path().join("garbage.wasm"), "not a component")?;
        let first_tables =
            Setup::first_tables(cache, scenario.concurrency, scenario.mode, scenario.fuel);
        let config = format!("{HEAD}{first_tables}{}", scenario.first.text()?);
        let mut command = serve(folder.path(), &[FILE]);
        fs::write(folder.path().join("offset"), "+0\n")?;
        if scenario.set_clock {
            tools.clock(&mut command, &folder.path().join("offset"));
        }
        if scenario.slow_disk {
            command = tools.slow_disk(&command);
        }
        let model = Model::new(&scenario.first);
        let served = Served::start_with(&mut command, folder.path(), &config)?.within(GUARD);
        Ok(Self {
            served,
            model,
            folder,
            first_tables,
            setup: scenario.first.clone(),
            files,
            builds: 0,
            unfinished: Vec::new(),
            scrapes: 0,
        })
    }

    /// Checks `/metrics`.
    pub(crate) fn scrape(&mut self) -> Result<()> {
        let text = self.served.page("/metrics")?;
        self.scrapes += 1;
        self.model.scraped(&text)?;
        Ok(())
    }

    /// Plays a step.
    pub(crate) fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Wait { ms } => pause(*ms),
            Step::Request(page) => self.request(page)?,
            Step::HalfRequest { stays } => {
                let mut client = connect(self.served.address()?)?;
                client.write_all(b"GET /metrics HTTP/1.1\r\nHo")?;
                if *stays {
                    self.unfinished.push(client);
                }
            }
            Step::Freeze { ms } => {
                self.served.signal("STOP")?;
                pause(*ms);
                self.served.signal("CONT")?;
            }
            Step::Hangups(times) => {
                for _ in 0..*times {
                    self.hang_up()?;
                }
            }
            Step::Ignored(signal) => self.served.signal(signal)?,
            Step::Clock { seconds } => self.replace("offset", format!("{seconds:+}\n"))?,
            Step::Apply(setup) => {
                self.model.configured(setup);
                self.setup = setup.clone();
                self.configure("")?;
                self.reload(true)?;
            }
            Step::Break(broken) => {
                self.configure_badly(*broken)?;
                self.reload(false)?;
                self.configure("")?;
                self.reload(true)?;
            }
            Step::Rebuild(file) => {
                self.builds += 1;
                let bytes = self.files.get(file).context("a component")?;
                let bytes = another_build(bytes, self.builds);
                self.model.rebuilt(file);
                self.replace(file, bytes)?;
                self.reload(true)?;
            }
            Step::Damage(file) => {
                let whole = fs::read(self.folder.path().join(file))?;
                self.model.rebuilt(file);
                self.replace(file, &whole[..whole.len() / 2])?;
                self.reload(false)?;
                self.replace(file, &whole)?;
                self.reload(true)?;
            }
        }
        Ok(())
    }

    fn request(&self, page: &str) -> Result<()> {
        let answer = self.served.get(page)?;
        let expected = if page == "/nowhere" { 404 } else { 200 };
        ensure!(answer.status == expected, "{page}: {answer:?}");
        if page.starts_with("/api/") {
            serde_json::from_str::<serde_json::Value>(&answer.body)?;
        }
        Ok(())
    }

    /// Writes the present configuration, with more text at its end.
    pub(crate) fn configure(&self, more: &str) -> Result<()> {
        let (first, rest) = (&self.first_tables, self.setup.text()?);
        self.replace(FILE, format!("{HEAD}{first}{rest}{more}"))
    }

    fn configure_badly(&mut self, broken: Broken) -> Result<()> {
        let task = |file: &str| format!("[tasks.broken]\ncomponent = \"{file}\"\n");
        match broken {
            Broken::Syntax => self.configure("[[["),
            Broken::UnknownKey => self.configure("[unknown]\nkey = 1\n"),
            Broken::NoTasks => self.replace(FILE, format!("{HEAD}{}", self.first_tables)),
            Broken::MissingFile | Broken::NotAComponent => {
                self.model.failed_loads = true;
                let missing = broken == Broken::MissingFile;
                self.configure(&task(if missing {
                    "missing.wasm"
                } else {
                    "garbage.wasm"
                }))
            }
            Broken::FixedTable => {
                let first = self.first_tables.replace("\"300ms\"", "\"301ms\"");
                let rest = self.setup.text()?;
                self.replace(FILE, format!("{HEAD}{first}{rest}"))
            }
        }
    }

    pub(crate) fn hang_up(&mut self) -> Result<()> {
        self.model.reloads += 1;
        self.served.signal("HUP")
    }

    /// Reloads until the result is as expected.
    pub(crate) fn reload(&mut self, applied: bool) -> Result<()> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            self.model.reloads += 1;
            last = self.served.reload_as_it_is()?;
            if last.is_none() == applied {
                return Ok(());
            }
        }
        bail!("the reload is to be applied ({applied}), and its error is {last:?}")
    }

    /// Replaces a file at once: a reader sees the old or the new content.
    fn replace(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let new = self.folder.path().join("new");
        fs::write(&new, content)?;
        Ok(fs::rename(new, self.folder.path().join(name))?)
    }
}

/// Lets time pass. No check depends on its length.
fn pause(ms: u64) {
    std::thread::park_timeout(Duration::from_millis(ms));
}
