use super::{Arrived, Result, Work};

/// Several copies of one work. Each round measures another copy.
///
/// The positions of a store and an engine on the heap change the speed of a guest. A load
/// appears to depend on the last store if both addresses have the same last digits. A
/// record then takes twice as long, for the lifetime of that store and engine. With
/// several copies, the median does not depend on luck.
pub(super) struct Copies {
    works: Vec<Box<dyn Work>>,
    now: usize,
}

impl Copies {
    pub(super) fn new(copies: usize, make: impl Fn() -> Result<Box<dyn Work>>) -> Result<Self> {
        let works = (0..copies.max(1)).map(|_| make());
        Ok(Self {
            works: works.collect::<Result<_>>()?,
            now: 0,
        })
    }

    fn now(&mut self) -> &mut dyn Work {
        &mut *self.works[self.now]
    }
}

impl Work for Copies {
    fn begin_round(&mut self) {
        self.now = (self.now + 1) % self.works.len();
    }

    fn prepare(&mut self) -> Result<()> {
        self.now().prepare()
    }

    fn run(&mut self) -> Result<()> {
        self.now().run()
    }

    fn spreads(&self) -> bool {
        self.works[self.now].spreads()
    }

    fn at_once(&self) -> u32 {
        self.works[self.now].at_once()
    }

    fn arrived(&mut self) -> Result<Arrived> {
        let mut all = self.works[0].arrived()?;
        for work in &mut self.works[1..] {
            all = all.and(work.arrived()?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the runs.
    struct Counting(u64);

    impl Work for Counting {
        fn run(&mut self) -> Result<()> {
            self.0 += 1;
            Ok(())
        }
        fn arrived(&mut self) -> Result<Arrived> {
            Ok(Arrived::Counted(self.0))
        }
    }

    #[test]
    fn each_round_measures_another_copy_and_all_copies_count() -> Result<()> {
        let mut copies = Copies::new(3, || Ok(Box::new(Counting(0))))?;
        for _ in 0..4 {
            copies.begin_round();
            copies.run()?;
        }
        let each: Result<Vec<_>> = copies.works.iter_mut().map(|work| work.arrived()).collect();
        assert_eq!(each?, [1, 2, 1].map(Arrived::Counted));
        assert_eq!(copies.arrived()?, Arrived::Counted(4));
        Ok(())
    }
}
