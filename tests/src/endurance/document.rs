use super::crowd::Crowd;
use super::soak::Soak;
use super::spinners::Spinners;
use super::{crowd_page, soak_page, spinners_page};
use crate::bench::machine::Machine;

/// The results of each part, from the last run of the part.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) soak: Option<Soak>,
    pub(super) spinners: Option<Spinners>,
    pub(super) crowd: Option<Crowd>,
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
        LIMITS.to_owned(),
    ];
    let there = sections.into_iter().filter(|section| !section.is_empty());
    there.collect::<Vec<_>>().join("\n")
}

const INTRODUCTION: &str = "\
# Reliability

What becomes of a `solti-metrics serve` that is left running, that has guests which never
end, and that many look at. `make soak` has found all of this and written this page, so
edit the files in `tests/src/endurance/` instead. `make test` does the same in short, and
asserts what does not depend on time.
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

The command was built as the tests build it: what is not ours with `opt-level = 2`, our own
code without optimisation. So times are longer than those of a release build; memory,
files and ledgers do not depend on it. The machine did other things as well, which is why
its load stands beside what was found.
"
    )
}

const LIMITS: &str = "\
## What guests, components and clients may take

Each limit has a name in the message of a refusal. `docs/operate/serve.md` has the keys.

| what | limit, unless another one is set |
|---|---|
| memory of a guest: linear memories, elements of tables, data of its instances | 256 MiB |
| memory of a component that receives records, likewise | 64 MiB |
| core instances, tables, table elements, memories | 1,000, 64, 20,000, 16 |
| handles: files, streams, pollables, and a guest's own resources | 1,000 |
| descriptors, and streams of files with 64 KiB each | 256 and 256 |
| descriptors of all guests and backends | what `RLIMIT_NOFILE` allows, less 512 or half |
| random bytes and copied bytes of one call | 4 KiB and 64 KiB (16 MiB for backends) |
| HTTP requests of a backend under way | 16 |
| threads that may block | 16, or one for each processor if there are more |
| a component's file | 64 MiB |
| types of a component, written out, their items, and their depth | 64 MiB, 100,000 and 100 |
| steps of instantiating a component, nested components included | 262,144 |
| pages that wait for slow readers, all connections together | 128 MiB |
| entries of the log that wait for its reader | 8,192 or 16 MiB |
| reading a file at a reload | 30 s |

## What this does not say

- **Half an hour is not a month.** A leak of less than the limit would not be seen; the
  limit is what the slope can be told from.
- **One machine, one scraper's network.** Everything is loopback.
- **The allocator is the C library's, with two arenas.** Left as it is, it has up to eight
  for each processor, each of which keeps the most that it ever had. What is done now and
  then in whichever thread is free, such as loading a component, is kept once more in each
  of them: on a machine of two processors memory went on growing for the whole half hour,
  from 43 to 48 MiB, where with two arenas it is flat.
- **Disks answer.** An operation on a file of a guest takes one of 16 threads until the
  file system answers, whatever the guest's time limit: one that hangs, as a network file
  system may, can take all of them from other guests with directories and from reloads.
  A reload gives up on a file after 30 s, and reads none while four others hang.
- **Reloads come one after the other.** Each backend that one replaces or removes drains for
  `drain_timeout` at most, with its instance and its queue; up to 64 do so at a time. What
  256 removed tasks and 256 removed backends have counted stays on every scrape.
";
