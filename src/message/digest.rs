//! Many orders in one message: their counts and sums, then a line for each.
//!
//! Neither customers nor items stand here. Order data is plain text throughout: nothing escapes the
//! asterisks and underscores of Slack's markup.

use std::collections::HashSet;
use std::iter;

use jiff::Timestamp;

use crate::config::Mention;
use crate::message::words::{Words, named};
use crate::message::{Remarks, Style, mention, remarked, time};
use crate::order::money::{Money, Sums};
use crate::order::one_line::OneLine;
use crate::order::{Kind, OrderEvent};
use crate::slack::block_kit::{Block, MAX_TEXT_UNITS, Markup, Message, wire_units};

#[cfg(test)]
mod tests;

/// An order, and the remarks on it.
pub type Entry<'a> = (&'a OrderEvent, Remarks);

/// Leaves room for the sums of every kind in one block, and for names after them in the text.
const MAX_SUM_UNITS: usize = 1_000;
const MAX_PLATFORM_UNITS: usize = 500;
/// Among so many new orders the largest are named once more.
const MANY: usize = 6;
const LARGEST: usize = 3;
/// In so many currencies at most.
const CURRENCIES: usize = 3;

/// The message about several orders, kind by kind, else in the order in which they are given.
///
/// It has a line for each of them as long as they [fit](fits); the sums give way to the lines.
/// `cancelled_separately` is how many cancellations of the same time have messages of their own.
pub fn about(orders: &[Entry<'_>], cancelled_separately: u32, style: &Style) -> Message {
    let digest = Digest::new(orders, cancelled_separately, style);
    let message = digest.message(&digest.facts());
    if message.is_whole() { message } else { digest.message(&[]) }
}

/// Whether there is room for all of them in one message.
pub fn fits(orders: &[Entry<'_>], style: &Style) -> bool {
    let digest = Digest::new(orders, 0, style);
    digest.message(&digest.facts()).is_whole()
}

struct Digest<'a> {
    orders: &'a [Entry<'a>],
    /// The same, most important kind first; no kind is empty.
    kinds: Vec<(Kind, Vec<Entry<'a>>)>,
    cancelled_separately: u32,
    shop: Shop<'a>,
    style: &'a Style,
    words: Words,
}

/// Where the shop stands.
enum Shop<'a> {
    Nowhere,
    Once(&'a OneLine),
    OnEveryLine,
}

impl<'a> Digest<'a> {
    fn new(orders: &'a [Entry<'a>], cancelled_separately: u32, style: &'a Style) -> Self {
        let of = |kind| orders.iter().copied().filter(|(event, _)| event.kind == kind).collect();
        let kinds = [Kind::Cancelled, Kind::Overdue, Kind::Created, Kind::Modified]
            .map(|kind| (kind, of(kind)));
        let kinds = kinds.into_iter().filter(|(_, orders): &(_, Vec<_>)| !orders.is_empty());
        let shops: HashSet<_> = orders.iter().map(|(event, _)| event.shop.as_ref()).collect();
        let shop = match (shops.len(), shops.iter().next()) {
            (1, Some(Some(shop))) => Shop::Once(shop),
            (0 | 1, _) => Shop::Nowhere,
            _ => Shop::OnEveryLine,
        };
        let words = Words::of(style.language);
        Self { orders, kinds: kinds.collect(), cancelled_separately, shop, style, words }
    }

    fn message(&self, facts: &[String]) -> Message {
        let headline = self.headline();
        let remarks = self.words.remarks_on_many(self.remarks());
        let text = self.text(&headline, facts, &remarks);

        let mut blocks = vec![Block::header(&headline)];
        blocks.extend(Block::sections(facts));
        for (kind, orders) in &self.kinds {
            blocks.extend(Block::sections(&self.list(*kind, orders)));
        }
        blocks.push(Block::context(self.footer(&remarks)));
        Message::new(&text, blocks).mentioning(self.mentions())
    }

    /// Whom the orders mention, each once.
    fn mentions(&self) -> Vec<&'a Mention> {
        let mut mentions = Vec::new();
        for (event, remarks) in self.orders {
            let mention = mention(event, self.style, *remarks);
            mentions.extend(mention.filter(|mention| !mentions.contains(mention)));
        }
        mentions
    }

    fn headline(&self) -> String {
        let counts: Vec<_> = self.kinds.iter().map(|(kind, all)| (*kind, all.len())).collect();
        let counts = self.words.counts(&counts);
        let all_are_tests = self.orders.iter().all(|(event, _)| event.is_test);
        if all_are_tests { format!("{} · {counts}", self.words.test()) } else { counts }
    }

    /// What is true of all: the sums of each kind, the largest orders, and the shop if it is one.
    fn facts(&self) -> Vec<String> {
        let sums = self.kinds.iter().filter_map(|(kind, orders)| self.sums(*kind, orders));
        let shop = match self.shop {
            Shop::Once(shop) => Some(self.words.shop(shop)),
            Shop::Nowhere | Shop::OnEveryLine => None,
        };
        let separate = (self.cancelled_separately > 0)
            .then(|| self.words.cancelled_separately(self.cancelled_separately));
        sums.chain(self.largest()).chain(separate).chain(shop).collect()
    }

    /// The new orders with the largest amounts, where there are too many to see them at a glance.
    fn largest(&self) -> Option<String> {
        let (_, orders) = self.kinds.iter().find(|(kind, _)| *kind == Kind::Created)?;
        let amounts = orders.iter().filter(|(event, _)| !event.is_test);
        let amounts = amounts.filter_map(|(event, _)| Some((event, event.total.as_ref()?)));
        let amounts: Vec<_> = amounts.collect();
        if amounts.len() < MANY {
            return None;
        }
        let Sums { sums, .. } = amounts.iter().map(|(_, total)| Some(*total)).collect();
        let of_each = sums.iter().take(CURRENCIES).flat_map(|sum| {
            let is_in = |total: &Money| total.currency() == sum.currency() && total.is_exact();
            let mut all: Vec<_> = amounts.iter().filter(|(_, total)| is_in(total)).collect();
            all.sort_by(|(_, one), (_, other)| other.exceeds(one).cmp(&one.exceeds(other)));
            all.truncate(LARGEST);
            all
        });
        let pieces = of_each.zip(separators(": ", ", ")).map(|((event, total), before)| {
            format!("{before}{} ({})", self.words.name(event), self.words.money(total))
        });
        let line = self.listed(self.words.largest(), pieces.collect(), MAX_SUM_UNITS);
        Some(line)
    }

    fn sums(&self, kind: Kind, orders: &[Entry<'_>]) -> Option<String> {
        let label = self.words.total(kind)?;
        let amounts =
            orders.iter().map(|(event, _)| event.total.as_ref().filter(|_| !event.is_test));
        let Sums { sums, left_out } = amounts.collect();
        if sums.is_empty() {
            return None;
        }
        let sums = sums.iter().zip(separators(": ", " + "));
        let pieces = sums.map(|(sum, before)| format!("{before}{}", self.words.money(sum)));
        let line = self.listed(label, pieces.collect(), MAX_SUM_UNITS);
        Some(match left_out {
            0 => line,
            left_out => format!("{line} ({})", self.words.not_counted(left_out)),
        })
    }

    /// A line for each order; under a heading, if there are other kinds.
    fn list(&self, kind: Kind, orders: &[Entry<'_>]) -> Vec<String> {
        let heading = self.is_mixed().then(|| self.words.heading(kind).to_owned());
        heading.into_iter().chain(orders.iter().map(|order| self.line(*order))).collect()
    }

    fn line(&self, (event, remarks): Entry<'_>) -> String {
        let shop = match self.shop {
            Shop::OnEveryLine => event.shop.as_ref().map(named),
            Shop::Nowhere | Shop::Once(_) => None,
        };
        let parts = [
            Some(self.words.name(event)),
            event.total.as_ref().map(|total| self.words.money(total)),
            self.words.detail(event),
            shop,
            remarks.changed_payload.then(|| self.words.changed_payload().to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// The whole message in one line: as many names as fit, and how many more there are.
    fn text(&self, headline: &str, facts: &[String], remarks: &[String]) -> String {
        let rest = facts.iter().chain(remarks).map(String::as_str);
        let start: Vec<_> = iter::once(headline).chain(rest).collect();
        let names = self.kinds.iter().flat_map(|(kind, orders)| {
            let heading = self.is_mixed().then(|| format!(" · {}: ", self.words.heading(*kind)));
            let separators = separators(heading.as_deref().unwrap_or(" · "), ", ");
            let named = orders.iter().zip(separators);
            let named =
                named.map(|((event, _), before)| before.to_owned() + &self.words.name(event));
            named.collect::<Vec<_>>()
        });
        self.listed(&start.join(" · "), names.collect(), MAX_TEXT_UNITS)
    }

    fn footer(&self, remarks: &[String]) -> Markup {
        let times = || self.orders.iter().map(|(event, _)| event.time());
        let mut footer = remarked(remarks);
        if let (Some(first), Some(last)) = (times().min(), times().max()) {
            footer = time(footer, first, self.words);
            // The channel shows no seconds.
            if minute(first) != minute(last) {
                footer = time(footer.text(self.words.until()), last, self.words);
            }
        }
        let mut platforms = Vec::new();
        for (event, _) in self.orders {
            let platform = self.words.platform(event);
            if !platform.is_empty() && !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        let pieces = platforms.iter().zip(separators(" · ", ", "));
        let pieces = pieces.map(|(platform, before)| format!("{before}{platform}"));
        footer.text(&self.listed("", pieces.collect(), MAX_PLATFORM_UNITS))
    }

    /// The remarks on any of the orders, as one.
    fn remarks(&self) -> Remarks {
        let mut all = Remarks::default();
        for (_, remarks) in self.orders {
            all.repeat |= remarks.repeat;
            all.unchecked |= remarks.unchecked;
            all.changed_payload |= remarks.changed_payload;
            all.delay = all.delay.max(remarks.delay);
        }
        all
    }

    fn is_mixed(&self) -> bool {
        self.kinds.len() > 1
    }

    /// `start` and as many pieces as fit in `most` units, then how many more there are.
    fn listed(&self, start: &str, pieces: Vec<String>, most: usize) -> String {
        let and_more = |left: usize| match left {
            0 => String::new(),
            left => format!(" {}", self.words.and_more(left)),
        };
        let mut text = start.to_owned();
        let mut units = wire_units(start);
        let mut left = pieces.len();
        for piece in pieces {
            units += wire_units(&piece);
            if units + wire_units(&and_more(left - 1)) > most {
                break;
            }
            text += &piece;
            left -= 1;
        }
        text + &and_more(left)
    }
}

fn minute(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

/// What stands before the first of a list, and before each other.
fn separators<'a>(first: &'a str, other: &'a str) -> impl Iterator<Item = &'a str> {
    iter::once(first).chain(iter::repeat(other))
}
