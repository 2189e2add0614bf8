//! What a fake remembers of the past: all of it for a test, or the last of it for a long run.

use std::collections::VecDeque;

/// A list that forgets its oldest entries when it is full.
#[derive(Clone, Debug)]
pub(crate) struct Recorded<T> {
    entries: VecDeque<T>,
    most: usize,
}

impl<T> Default for Recorded<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), most: usize::MAX }
    }
}

impl<T> Recorded<T> {
    pub(crate) fn push(&mut self, entry: T) {
        self.entries.push_back(entry);
        self.forget();
    }

    /// From now on only the last so many entries are kept.
    pub(crate) fn keep_last(&mut self, most: usize) {
        self.most = most;
        self.forget();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.entries.back()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    fn forget(&mut self) {
        while self.entries.len() > self.most {
            self.entries.pop_front();
        }
    }
}

impl<T: Clone> Recorded<T> {
    pub(crate) fn to_vec(&self) -> Vec<T> {
        self.entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_forgets_its_oldest_entries() {
        let mut list = Recorded::default();
        (1..=5).for_each(|number| list.push(number));
        assert_eq!(list.to_vec(), [1, 2, 3, 4, 5]);
        list.keep_last(3);
        assert_eq!(list.to_vec(), [3, 4, 5]);
        list.push(6);
        assert_eq!((list.to_vec(), list.last()), (vec![4, 5, 6], Some(&6)));
    }
}
