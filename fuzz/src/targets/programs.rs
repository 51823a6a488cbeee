//! Random programs of records: both recording modes and a native replay have equal results.

use anyhow::{Result, ensure};
use arbitrary::Unstructured;
use solti_metrics_tests::program::{Ending, Step, guest, replay};

use crate::event::event;
use crate::recorders::recorders;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "programs",
    run,
    seeds: &["fuzz/seeds/records"],
    words: &[],
    longest: 600,
    limits: Limits::WASM,
};

/// Maximum number of records of a program.
const MOST: usize = 5_000;

/// Maximum depth of loops.
const DEEPEST: usize = 3;

fn run(input: &[u8]) -> Result<()> {
    let mut input = Unstructured::new(input);
    let steps = steps(&mut input, DEEPEST)?;
    let Some((events, end)) = replay(&steps, MOST) else {
        return Ok(());
    };
    let guest = guest(&steps)?;
    for recorder in recorders()? {
        let program = recorder.load(&guest)?;
        ensure!(recorder.is_in_mode(&program), "{:?}", program.recording());
        let (seen, _) = recorder.seen(&program)?;
        ensure!(seen.events == events, "{program:?}: {:?}, not {events:?}", seen.events);
        ensure!(seen.end == end, "{program:?}: {:?}, not {end:?}", seen.end);
    }
    reached();
    Ok(())
}

fn steps(input: &mut Unstructured<'_>, depth: usize) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    while !input.is_empty() && steps.len() < 60 {
        steps.push(match input.int_in_range(0..=31)? {
            0 => Step::End(ending(input)?),
            1 | 2 => Step::CallHost,
            3..=5 if depth > 0 => {
                let times = input.int_in_range(0..=300)?;
                Step::Loop(times, self::steps(input, depth - 1)?)
            }
            6 if depth < DEEPEST => break,
            _ => Step::Record(event(input)?),
        });
    }
    Ok(steps)
}

fn ending(input: &mut Unstructured<'_>) -> Result<Ending> {
    Ok(match input.int_in_range(0..=5)? {
        0 => Ending::Unreachable,
        1 => Ending::OutOfBounds,
        2 => Ending::DivideByZero,
        3 => Ending::NoSuchLabel(*input.choose(&[4, 256, -1, i32::MIN])?),
        4 => Ending::Exit(input.arbitrary()?),
        _ => Ending::Fail,
    })
}
