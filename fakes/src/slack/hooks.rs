//! Which hooks there are, and the rate limit of each.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::message::Refusal;
use crate::server::Request;

/// How fast a hook accepts messages: one an `interval`, after `burst` at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) interval: Duration,
    pub(super) burst: u32,
}

#[derive(Debug)]
pub(super) struct Hooks {
    rate: Rate,
    by_path: HashMap<String, Hook>,
}

#[derive(Debug, Default)]
struct Hook {
    disabled: Option<(u16, String)>,
    /// When the hook would be idle if it accepted its messages one `interval` after another.
    idle_at: Option<Instant>,
}

enum Turn {
    Now,
    In(Duration),
}

impl Hooks {
    pub(super) fn new(rate: Rate) -> Self {
        let paths = [path("FIRST"), path("OTHER")];
        Self { rate, by_path: HashMap::from(paths.map(|path| (path, Hook::default()))) }
    }

    /// Adds a hook, unless it is there; returns its path.
    pub(super) fn add(&mut self, name: &str) -> String {
        let path = path(name);
        self.by_path.entry(path.clone()).or_default();
        path
    }

    pub(super) fn disable(&mut self, path: &str, status: u16, word: &str) {
        let hook =
            self.by_path.get_mut(path).expect("the hook to disable is one of this workspace");
        hook.disabled = Some((status, word.to_owned()));
    }

    /// Lets a request in at the hook it names.
    pub(super) fn admit(&mut self, request: &Request, now: Instant) -> Result<(), Refusal> {
        let uri = request.uri();
        if !is_hook_path(uri.path()) || uri.query().is_some() {
            return Err(Refusal::new(404, "no_service", "not the path of a hook"));
        }
        let Some(hook) = self.by_path.get_mut(uri.path()) else {
            return Err(Refusal::new(403, "invalid_token", "no such hook"));
        };
        if let Some((status, word)) = &hook.disabled {
            return Err(Refusal::new(*status, word, "the hook was disabled"));
        }
        match hook.take_turn(self.rate, now) {
            Turn::Now => Ok(()),
            Turn::In(wait) => {
                let refusal =
                    Refusal::new(429, "rate_limited", "more messages than the rate allows");
                Err(Refusal { retry_after: Some(whole_seconds(wait)), ..refusal })
            }
        }
    }
}

impl Hook {
    /// The "generic cell rate algorithm": a leaky bucket whose state is one instant.
    fn take_turn(&mut self, rate: Rate, now: Instant) -> Turn {
        let idle_at = self.idle_at.map_or(now, |idle_at| idle_at.max(now));
        let tolerated = rate.interval * rate.burst.saturating_sub(1);
        match (idle_at - now).checked_sub(tolerated) {
            Some(wait) if !wait.is_zero() => Turn::In(wait),
            _ => {
                self.idle_at = Some(idle_at + rate.interval);
                Turn::Now
            }
        }
    }
}

/// Put together at run time, so that the source has nothing that looks like a secret.
pub(super) fn path(name: &str) -> String {
    format!("/services/T0FAKE/B0{name}/{}", format!("{name}0").repeat(4))
}

/// The name in a hook's URL.
pub(super) fn name(url: &str) -> &str {
    let service = url.rsplit('/').nth(1).unwrap_or_default();
    service.strip_prefix("B0").unwrap_or(service)
}

fn is_hook_path(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').collect();
    match parts[..] {
        ["", "services", team, service, _token] => {
            is_identifier(team, &['T', 'E']) && is_identifier(service, &['B'])
        }
        _ => false,
    }
}

fn is_identifier(part: &str, initials: &[char]) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    part.len() > 2 && part.starts_with(initials) && part.chars().all(is_allowed)
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
