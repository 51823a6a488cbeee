//! Counts of removed tasks and backends, by name.

use std::collections::{BTreeMap, VecDeque};

/// Name for the sum of forgotten names.
pub(super) const RETIRED: &str = "retired";

/// Maximum number of remembered names, for tasks and backends each. A new name at each
/// reload must not make pages longer and longer.
pub(super) const MOST_NAMES: usize = 256;

/// Values by the names of removed tasks or backends.
#[derive(Debug)]
pub(super) struct Retired<T> {
    by_name: BTreeMap<String, T>,
    /// The same names, in the order of their removal.
    order: VecDeque<String>,
}

impl<T> Default for Retired<T> {
    fn default() -> Self {
        Self {
            by_name: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Retired<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.by_name.get(name)
    }

    /// All values, in the order of their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.by_name.iter()
    }

    pub(super) fn take(&mut self, name: &str) -> Option<T> {
        self.order.retain(|other| other != name);
        self.by_name.remove(name)
    }

    pub(super) fn put(&mut self, name: &str, value: T) {
        self.take(name);
        self.order.push_back(name.to_owned());
        self.by_name.insert(name.to_owned(), value);
    }

    /// Beyond [`MOST_NAMES`], removes the oldest name that is not `in_use`.
    pub(super) fn take_beyond(&mut self, in_use: impl Fn(&str) -> bool) -> Option<(String, T)> {
        let mut unused = self.order.iter().filter(|name| !in_use(name));
        let oldest = unused.next().cloned()?;
        let more = unused.count();
        if more < MOST_NAMES {
            return None;
        }
        let value = self.take(&oldest)?;
        Some((oldest, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_the_oldest_name_goes_first_unless_it_is_in_use() {
        let mut retired = Retired::default();
        for number in 0..MOST_NAMES {
            retired.put(&format!("n{number}"), number);
            assert_eq!(retired.take_beyond(|_| false), None);
        }
        // A name that is removed again becomes the newest.
        retired.put("n0", 7);
        retired.put("one more", 8);
        assert_eq!(retired.take_beyond(|name| name == "n1"), None);
        retired.put("another", 9);
        let taken = retired.take_beyond(|name| name == "n1");
        assert_eq!(taken, Some(("n2".into(), 2)));
        assert_eq!(retired.take("n0"), Some(7));
        assert_eq!(retired.get("n0"), None);
    }
}
