use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use super::cache_folder::CacheFolder;
use super::killer::{Killer, until_gone, until_started};
use super::moment::Moment;
use super::{Crashes, checks};
use crate::campaign::{Provider, Random, traced};
use crate::child::{End, Running};
use crate::endurance::{Then, guest};
use crate::guest::{another_build, with_functions};
use crate::reference_tool::ReferenceTool;
use crate::served::{FILE, HEAD, Served, serve};

const FILES: [&str; 5] = [
    "large.wasm",
    "quick.wasm",
    "sink.wasm",
    "ticks.wasm",
    "vast.wasm",
];

/// A cache for all builds, and one in which entries are evicted.
const SIZES: [u64; 2] = [1 << 30, 1 << 20];

/// Runners in one folder, one after another.
pub(super) struct Rounds {
    random: Random,
    folder: TempDir,
    cache: CacheFolder,
    builds: usize,
    size: u64,
    /// Number of entries that were damaged since the last checked runner.
    damaged: u64,
    strace: Option<PathBuf>,
    pub(super) found: Crashes,
}

impl Rounds {
    pub(super) fn new(random: Random) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let strace = match ReferenceTool::strace() {
            ReferenceTool::Here(path) => Some(path),
            ReferenceTool::Skip(_) | ReferenceTool::Fail(_) => None,
        };
        let rounds = Self {
            random,
            cache: CacheFolder::new(folder.path().join("code")),
            folder,
            builds: 0,
            size: SIZES[0],
            damaged: 0,
            strace,
            found: Crashes::default(),
        };
        for file in FILES {
            fs::write(rounds.path(file), original(file)?)?;
        }
        Ok(rounds)
    }

    /// Often kills a runner that starts. Then starts a runner, checks it, and kills it later.
    pub(super) fn next(&mut self) -> Result<()> {
        self.size = self.random.pick(&SIZES);
        if self.random.one_in(8) {
            self.cache.remove()?;
            self.damaged = 0;
        }
        if self.random.one_in(4) {
            let damaged = self.cache.damage(&mut self.random)?;
            self.damaged += damaged;
            self.found.damaged += damaged;
        }
        for _ in 0..self.random.below(3) {
            self.rebuild()?;
        }
        match self.random.below(6) {
            0 | 1 => {}
            2 => return self.kill_neighbour(),
            _ => self.kill_early()?,
        }
        let served = self.start()?;
        let served = self.check(served, true)?;
        self.kill_late(served)
    }

    /// Waits until a runner is ready, and checks it.
    fn check(&mut self, mut served: Served, alone: bool) -> Result<Served> {
        served.entry("ready", |entry| entry["message"] == "ready")?;
        let worked = checks::works(&served, self.damaged)?;
        if alone {
            checks::clean(&self.cache, self.size, &worked)?;
        }
        self.found.rejected += worked.rejected;
        self.found.checked += 1;
        self.damaged = 0;
        Ok(served)
    }

    /// Kills one of two runners that start at the same time with the same cache.
    fn kill_neighbour(&mut self) -> Result<()> {
        let moment = Moment::random(&mut self.random);
        // The first one has read the configuration, and loads components.
        let neighbour = self.start()?;
        let running = Running::start(&mut self.command())?;
        until_started(running.id)?;
        let killer = Killer::of(running.id)?;
        moment.wait(&self.cache);
        let children = killer.kill()?;
        self.killed(&running.end()?, &children, "start, next to another runner")?;
        let neighbour = self.check(neighbour, false)?;
        self.kill_late(neighbour)
    }

    fn kill_early(&mut self) -> Result<()> {
        let moment = Moment::random(&mut self.random);
        fs::write(self.path(FILE), self.config())?;
        let mut command = self.command();
        let running = Running::start(&mut command)?;
        until_started(running.id)?;
        let killer = Killer::of(running.id)?;
        moment.wait(&self.cache);
        let children = killer.kill()?;
        self.killed(
            &running.end()?,
            &children,
            &format!("start, {}", moment.name()),
        )
    }

    fn kill_late(&mut self, served: Served) -> Result<()> {
        let killer = Killer::of(served.id())?;
        let pause = Duration::from_millis(self.random.below(40));
        let when = match self.random.below(4) {
            0 => {
                Moment::Time(pause).wait(&self.cache);
                "running".to_owned()
            }
            1 => {
                served.signal("TERM")?;
                Moment::Time(pause / 8).wait(&self.cache);
                "draining".to_owned()
            }
            _ => {
                let moment = Moment::random(&mut self.random);
                self.rebuild()?;
                served.signal("HUP")?;
                moment.wait(&self.cache);
                format!("reload, {}", moment.name())
            }
        };
        let children = killer.kill()?;
        self.killed(&served.end()?, &children, &when)
    }

    fn killed(&mut self, end: &End, children: &[u32], when: &str) -> Result<()> {
        checks::log(&end.stderr)?;
        // A runner that drains may have ended before the signal.
        if end.code.is_none() {
            *self.found.kills.entry(when.to_owned()).or_default() += 1;
            self.found.compilers += children.len() as u64;
            self.found.unfinished += u64::from(self.cache.state().1);
        }
        until_gone(children)
    }

    fn start(&mut self) -> Result<Served> {
        let config = self.config();
        let mut command = serve(self.folder.path(), &[FILE]);
        Served::begin(&mut command, self.folder.path(), &config)
    }

    /// A runner whose disk may be slow, so that files stay unfinished for longer.
    fn command(&mut self) -> Command {
        let serve = serve(self.folder.path(), &[FILE]);
        let calls = "renameat2,renameat,rename,linkat,unlink,unlinkat";
        let trace = format!("trace={calls}");
        let inject = format!("inject={calls}:delay_enter=20000");
        match &self.strace {
            Some(strace) if self.random.one_in(4) => {
                traced(strace, &["-e", &trace, "-e", &inject], &serve)
            }
            _ => serve,
        }
    }

    fn config(&self) -> String {
        let task =
            |name: &str, more: &str| format!("[tasks.{name}]\ncomponent = \"{name}.wasm\"\n{more}");
        let (path, size) = (self.cache.path().display(), self.size);
        [
            format!("{HEAD}[compilation]\ncache = \"{path}\"\ncache_size = \"{size}\"\n"),
            task("quick", ""),
            task("large", ""),
            task("vast", ""),
            task("ticks", "schedule = \"interval\"\ninterval = \"10ms\"\n"),
            "[backends.sink]\ncomponent = \"sink.wasm\"\n".to_owned(),
        ]
        .concat()
    }

    fn rebuild(&mut self) -> Result<()> {
        let file = self.random.pick(&FILES);
        self.builds += 1;
        let new = self.path("new");
        fs::write(&new, another_build(&original(file)?, self.builds))?;
        Ok(fs::rename(new, self.path(file))?)
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

fn original(file: &str) -> Result<Vec<u8>> {
    match file {
        "large.wasm" => Ok(with_functions(&guest(3, Then::Succeeds)?, 1_500)),
        "vast.wasm" => Ok(with_functions(&guest(2, Then::Succeeds)?, 400)),
        "quick.wasm" => guest(7, Then::Succeeds),
        "ticks.wasm" => guest(1, Then::Succeeds),
        _ => Provider::Takes.component(),
    }
}
