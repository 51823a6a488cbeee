//! All rows take turns, round after round.

use std::time::Duration;

use cpu_time::{ProcessTime, ThreadTime};

use super::{Result, Row, Spread};

/// A shorter turn is filled up with repetitions. Otherwise it would mostly show the cold
/// caches that the previous row has left.
const TURN: Duration = Duration::from_millis(1);

/// Maximum number of repetitions.
const MOST: u32 = 100;

/// CPU time for one unit of each row, in nanoseconds: of this thread, or of this process if
/// the work spreads over threads.
pub(super) fn interleaved(rows: &mut [Row], rounds: usize) -> Result<Vec<Spread>> {
    let mut repetitions = Vec::new();
    for row in &mut *rows {
        turn(row, 1)?;
        repetitions.push(repetitions_of(row)?);
    }
    let mut samples = vec![Vec::with_capacity(rounds); rows.len()];
    for _ in 0..rounds {
        for ((row, samples), &times) in rows.iter_mut().zip(&mut samples).zip(&repetitions) {
            row.work.begin_round();
            // An unmeasured turn warms the caches with the data of the row.
            turn(row, 1)?;
            let time = turn(row, times)?.as_secs_f64() * 1e9;
            samples.push(time / f64::from(times) / f64::from(row.count));
        }
    }
    let spreads = samples.into_iter().map(Spread::of);
    spreads
        .map(|spread| spread.ok_or_else(|| "no rounds".into()))
        .collect()
}

fn repetitions_of(row: &mut Row) -> Result<u32> {
    let once = turn(row, 1)?.max(Duration::from_nanos(1));
    let times = (TURN.as_nanos() / once.as_nanos()) as u32;
    Ok(times.clamp(1, MOST.min(row.work.at_once())))
}

fn turn(row: &mut Row, times: u32) -> Result<Duration> {
    let fault = |error| format!("{}: {error}", row.name);
    row.work.prepare().map_err(fault)?;
    let (thread, process) = (ThreadTime::now(), ProcessTime::now());
    for _ in 0..times {
        row.work.run().map_err(fault)?;
    }
    Ok(match row.work.spreads() {
        false => thread.elapsed(),
        true => process.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::bench::{Arrived, Group, Unit, Work};

    /// A work that notes its turns.
    struct Noting {
        turns: Rc<Cell<Vec<char>>>,
        name: char,
    }

    impl Noting {
        fn note(&self, what: char) {
            let mut turns = self.turns.take();
            turns.push(what);
            self.turns.set(turns);
        }
    }

    impl Work for Noting {
        fn begin_round(&mut self) {
            self.note('r');
        }
        fn prepare(&mut self) -> Result<()> {
            self.note('p');
            Ok(())
        }
        fn run(&mut self) -> Result<()> {
            self.note(self.name);
            Ok(())
        }
        fn at_once(&self) -> u32 {
            1
        }
        fn arrived(&mut self) -> Result<Arrived> {
            Ok(Arrived::Untold)
        }
    }

    #[test]
    fn each_row_has_a_warm_turn_in_each_round() -> Result<()> {
        let turns = Rc::new(Cell::new(Vec::new()));
        let row = |name| Row {
            name: "noting",
            group: Group::Ours,
            unit: Unit::Record,
            about: "",
            count: 1,
            work: Box::new(Noting {
                turns: turns.clone(),
                name,
            }),
        };
        let spreads = interleaved(&mut [row('a'), row('b')], 2)?;
        assert_eq!(spreads.len(), 2);
        let told: String = turns.take().into_iter().collect();
        let (before, round) = ("papapbpb", "rpaparpbpb");
        assert_eq!(told, format!("{before}{round}{round}"));
        Ok(())
    }
}
