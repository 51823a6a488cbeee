use std::fs;
use std::num::NonZeroUsize;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::SystemTime;

/// The machine and the date of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Machine {
    /// Name of the processor.
    pub(crate) cpu: String,
    /// Number of threads that the processor runs at once.
    pub(crate) cores: usize,
    /// Memory, in GiB.
    pub(crate) memory_gib: u64,
    /// Distribution and kernel.
    pub(crate) system: String,
    /// Version of the compiler.
    pub(crate) rustc: String,
    /// Version of the runtime.
    pub(crate) wasmtime: String,
    /// Date, in UTC.
    pub(crate) date: String,
    /// Load average of the minute before the run.
    pub(crate) load: f64,
}

/// Load per core above which the machine is busy.
const BUSY: f64 = 0.5;

impl Machine {
    /// This machine, now.
    pub(crate) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let release = read("/etc/os-release");
        let system = after(&release, "PRETTY_NAME=").trim_matches('"').to_owned();
        let kernel = read("/proc/sys/kernel/osrelease");
        let memory: u64 = number(after(&read("/proc/meminfo"), "MemTotal:"));
        let now = humantime::format_rfc3339(SystemTime::now()).to_string();
        Self {
            cpu: named(after(&cpuinfo, "model name").trim_start_matches([' ', '\t', ':'])),
            cores: available_parallelism().map_or(1, NonZeroUsize::get),
            memory_gib: memory.div_ceil(1 << 20),
            system: format!("{}, Linux {}", named(&system), kernel.trim()),
            rustc: named(&rustc()),
            wasmtime: named(&locked(include_str!("../../../Cargo.lock"), "wasmtime")),
            date: now.get(..10).unwrap_or_default().to_owned(),
            load: number(&read("/proc/loadavg")),
        }
    }

    /// The load above which other processes compete for the cores.
    #[must_use]
    pub(crate) fn most_load(&self) -> f64 {
        BUSY * self.cores as f64
    }

    /// The reason why this machine cannot judge measurements on all cores, if any.
    #[must_use]
    pub(crate) fn too_busy(&self) -> Option<String> {
        if self.cores < 2 {
            return Some("the machine has one core".to_owned());
        }
        let most = self.most_load();
        (self.load > most).then(|| {
            let load = self.load;
            format!("the load before the run was {load:.1}, and the maximum is {most:.1}")
        })
    }
}

/// The text after a key at the beginning of a line.
fn after<'a>(text: &'a str, key: &str) -> &'a str {
    let mut lines = text.lines();
    lines
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_default()
        .trim()
}

fn number<N: std::str::FromStr + Default>(text: &str) -> N {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.parse().unwrap_or_default()
}

fn named(text: &str) -> String {
    match text.trim() {
        "" => "unknown".to_owned(),
        text => text.to_owned(),
    }
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or(String::new(), |output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
    })
}

fn locked(lock: &str, package: &str) -> String {
    let name = format!("name = \"{package}\"\nversion = \"");
    let found = lock.split_once(&name);
    let version = found.and_then(|(_, rest)| rest.split('"').next());
    version.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(cores: usize, load: f64) -> Machine {
        let unknown = String::new;
        Machine {
            cpu: unknown(),
            cores,
            memory_gib: 1,
            system: unknown(),
            rustc: unknown(),
            wasmtime: unknown(),
            date: unknown(),
            load,
        }
    }

    #[test]
    fn a_machine_is_too_busy_above_half_a_task_for_each_core() {
        assert_eq!(machine(2, 1.0).too_busy(), None);
        assert!(machine(2, 1.1).too_busy().is_some());
        assert_eq!(machine(8, 3.9).too_busy(), None);
        assert!(machine(1, 0.0).too_busy().is_some());
    }

    #[test]
    fn the_version_of_the_runtime_is_the_locked_version() {
        let lock =
            "name = \"wasmtime-wasi\"\nversion = \"1\"\nname = \"wasmtime\"\nversion = \"2\"";
        assert_eq!(locked(lock, "wasmtime"), "2");
        assert_eq!(locked(lock, "other"), "");
    }

    #[test]
    fn all_fields_of_this_machine_are_known() {
        let here = Machine::here();
        assert!(here.cores > 0 && here.memory_gib > 0);
        assert_eq!(here.date.len(), "2026-11-25".len());
        for said in [&here.cpu, &here.system, &here.rustc, &here.wasmtime] {
            assert!(!said.is_empty());
        }
        assert!(here.wasmtime.starts_with(|c: char| c.is_ascii_digit()));
    }
}
