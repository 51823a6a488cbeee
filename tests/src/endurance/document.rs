use super::crowd::Crowd;
use super::soak::Soak;
use super::spinners::Spinners;
use super::{campaign_page, crashes_page, crowd_page, soak_page, spinners_page};
use crate::bench::machine::Machine;
use crate::campaign::Campaign;
use crate::crashes::Crashes;

/// The results of each part, from the last run of the part.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) soak: Option<Soak>,
    pub(super) spinners: Option<Spinners>,
    pub(super) crowd: Option<Crowd>,
    pub(super) campaign: Option<Campaign>,
    pub(super) crashes: Option<Crashes>,
}

/// `docs/reliability.md`.
pub(super) fn page(found: &Found, machine: &Machine) -> String {
    let sections = [
        INTRODUCTION.to_owned(),
        whereabouts(machine),
        found
            .soak
            .as_ref()
            .map_or_else(String::new, soak_page::section),
        found
            .spinners
            .as_ref()
            .map_or_else(String::new, spinners_page::section),
        found
            .crowd
            .as_ref()
            .map_or_else(String::new, crowd_page::section),
        found
            .campaign
            .as_ref()
            .map_or_else(String::new, campaign_page::section),
        found
            .crashes
            .as_ref()
            .map_or_else(String::new, crashes_page::section),
        LIMITS.to_owned(),
    ];
    let there = sections.into_iter().filter(|section| !section.is_empty());
    there.collect::<Vec<_>>().join("\n")
}

const INTRODUCTION: &str = "\
# Reliability

After this page you know how `solti-metrics serve` behaves over a long time, with guests
that loop for ever, with many scrapers, in random scenarios and after it is killed.
`make soak` measures this and writes this page; to change its text, edit the files in `tests/src/endurance/`. `make test` runs a short form
of each measurement, and asserts the results that do not depend on time.
";

fn whereabouts(machine: &Machine) -> String {
    let Machine {
        cpu,
        cores,
        memory_gib,
        system,
        rustc,
        wasmtime,
        date,
        ..
    } = machine;
    format!(
        "\
| | |
|---|---|
| processor | {cpu}, {cores} cores |
| memory | {memory_gib} GiB |
| system | {system} |
| compiler | {rustc} |
| runtime | wasmtime {wasmtime} |
| day | {date} |

The command was built with the test profile: dependencies with `opt-level = 2`, and the
code of this project without optimisation. Times are therefore longer than those of a
release build; memory, files and ledgers do not depend on the profile. Other programs used
the machine as well, so each result names the load.
"
    )
}

const LIMITS: &str = "\
## Limits of guests, components and clients

An error at a limit names the limit. [Configuration](reference/configuration.md) lists the keys.

| resource | default limit |
|---|---|
| memory of a guest: linear memories, elements of tables, data of its instances | 256 MiB |
| memory of a provider or middleware: the same parts | 64 MiB |
| core instances, tables, table elements, memories | 1,000, 64, 20,000, 16 |
| handles: files, streams, pollables, and a guest's own resources | 1,000 |
| descriptors, and streams of files with 64 KiB each | 256 and 256 |
| descriptors of all guests and backends | `RLIMIT_NOFILE` minus 512, or minus half if that is less |
| random bytes, and copied bytes, of one call | 4 KiB and 64 KiB (16 MiB for backends) |
| concurrent HTTP requests of a backend | 16 |
| blocking threads | 16, or one for each processor if that is more |
| a component's file | 64 MiB |
| expanded types of a component: size, items, depth | 64 MiB, 100,000, 100 |
| steps of the instantiation of a component, nested components included | 262,144 |
| pages in memory for slow readers, all connections together | 128 MiB |
| log entries in memory for a slow reader | 8,192 or 16 MiB |
| time to read a file at a reload | 30 s |

## Limits of these results

- **Duration.** Half an hour is not a month. A leak below the limit is not detected. The
  limit is a slope that the measurement can distinguish from zero.
- **Network.** One machine, and all connections are loopback.
- **Allocator.** The C library's allocator runs with two arenas. By default it has up to
  eight arenas for each processor, and each arena keeps its maximum size. Rare work on any
  free thread, such as loading a component, then takes memory in each arena. On a machine
  with two processors, memory grew for the whole half hour, from 43 to 48 MiB. With two
  arenas, memory grows by less than the limit.
- **File systems that hang.** An operation on a file of a guest takes one of 16 threads
  until the file system answers, also after the deadline of the guest. A file system that
  hangs, such as a network file system, can take all threads from other guests with
  directories and from reloads. A reload stops waiting for a file after 30 s, and reads no
  files while four other reads hang.
- **Sequential reloads.** Each backend that a reload replaces or removes drains for at most
  `drain_timeout`, with its instance and its queue, and up to 64 backends drain at a time.
  The counts of 256 removed tasks and 256 removed backends stay on every scrape.
";
