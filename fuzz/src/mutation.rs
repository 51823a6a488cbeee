//! Random changes of inputs.

use fastrand::Rng;

/// Numbers at which code changes its behavior.
const EDGES: [&str; 10] = [
    "0",
    "-1",
    "1",
    "255",
    "256",
    "65536",
    "2147483648",
    "4294967296",
    "18446744073709551615",
    "1e308",
];

/// Characters that change a line, a direction or a state of a terminal.
const HOSTILE: [&str; 12] = [
    "\0",
    "\n",
    "\r",
    "\t",
    "\x1b[2J",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{e0041}",
];

/// Makes inputs from seeds.
#[derive(Debug)]
pub struct Mutator {
    random: Rng,
    words: &'static [&'static str],
    longest: usize,
}

impl Mutator {
    /// A source of inputs that is determined by `seed`.
    #[must_use]
    pub fn new(seed: u64, words: &'static [&'static str], longest: usize) -> Self {
        Self {
            random: Rng::with_seed(seed),
            words,
            longest,
        }
    }

    /// A changed seed. Some inputs are random bytes.
    pub fn input(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = match self.random.choice(seeds) {
            Some(seed) if self.random.u8(..) > 12 => seed.clone(),
            _ => self.bytes(),
        };
        for _ in 0..1 << self.random.u32(0..5) {
            self.change(&mut input, seeds);
        }
        input.truncate(self.longest);
        input
    }

    fn bytes(&mut self) -> Vec<u8> {
        let most = self.longest.min(1 << self.random.u32(0..13));
        let length = self.random.usize(0..=most);
        std::iter::repeat_with(|| self.random.u8(..))
            .take(length)
            .collect()
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.random.usize(0..=input.len());
        let end = self.end(at, input.len());
        match self.random.u8(0..12) {
            0 => input
                .get_mut(at)
                .into_iter()
                .for_each(|byte| *byte ^= 1 << self.random.u8(0..8)),
            1 => input
                .get_mut(at)
                .into_iter()
                .for_each(|byte| *byte = self.random.u8(..)),
            2 => input.insert(at, self.random.u8(..)),
            3 => drop(input.drain(at..end)),
            4 => {
                let copied = input[at..end].to_vec();
                let to = self.random.usize(0..=input.len());
                input.splice(to..to, copied);
            }
            5 => {
                if let Some(other) = self.random.choice(seeds) {
                    let from = self.random.usize(0..=other.len());
                    let until = self.end(from, other.len());
                    input.splice(at..end, other[from..until].iter().copied());
                }
            }
            6 => self.put(input, at, end, &HOSTILE),
            7 => self.put(input, at, end, &EDGES),
            8 | 9 => self.put(input, at, end, self.words),
            10 => {
                let number = self.random.choice([0, 1, 0x7f, 0x80, 0xff]).unwrap_or(0);
                input[at..end].fill(number);
            }
            _ => input.truncate(at),
        }
    }

    /// Inserts one of the words at a position, or replaces a part by it.
    fn put(&mut self, input: &mut Vec<u8>, at: usize, end: usize, words: &[&str]) {
        let end = if self.random.bool() { at } else { end };
        if let Some(word) = self.random.choice(words) {
            input.splice(at..end, word.bytes());
        }
    }

    /// The end of a part, which is mostly short.
    fn end(&mut self, from: usize, length: usize) -> usize {
        let most = 1 << self.random.u32(0..10);
        from + self.random.usize(0..=most.min(length - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_inputs_within_the_limit() {
        let seeds = [b"a = 1\n".to_vec(), b"b = [2]\n".to_vec()];
        let inputs = |seed| -> Vec<_> {
            let mut mutator = Mutator::new(seed, &["interval"], 64);
            std::iter::repeat_with(|| mutator.input(&seeds))
                .take(500)
                .collect()
        };
        assert_eq!(inputs(7), inputs(7));
        assert_ne!(inputs(7), inputs(8));
        assert!(inputs(7).iter().all(|input| input.len() <= 64));
    }
}
