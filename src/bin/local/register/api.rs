//! The APIs with which webhooks are registered, as one.

use std::iter;
use std::time::Duration;

use order_alerts::platform::Platform;
use url::Url;

use crate::Failure;
use crate::register::Arguments;
use crate::register::plain::Plain;
use crate::register::remote::Remote;
use crate::register::shopify::Shopify;
use crate::register::woocommerce::WooCommerce;

/// The API of a platform, with what it needs to be asked.
pub(crate) enum Api {
    Plain(Plain),
    Shopify(Shopify),
    WooCommerce(WooCommerce),
}

/// A webhook that a platform knows.
pub(crate) struct Registration {
    /// The platform's own name for it, unless it does not say.
    pub(crate) id: Option<String>,
    pub(crate) address: String,
    /// None of them when the platform does not say.
    pub(crate) events: Vec<String>,
    /// The platform's word for why it sends nothing.
    pub(crate) asleep: Option<String>,
}

/// Whether a platform tells what is registered.
pub(crate) enum Listing {
    Registered(Vec<Registration>),
    /// It does not, and how that was seen.
    Unlisted(String),
}

/// What became of a registration that was not refused.
pub(crate) enum Made {
    New,
    WasThere,
}

impl Api {
    /// The platform's own API, or a plain one where somebody names its address.
    pub(crate) fn of(platform: &'static Platform, arguments: &Arguments) -> Result<Self, Failure> {
        let timeout = Duration::from_secs(arguments.timeout);
        if let Some(api) = &arguments.plain.api {
            return Ok(Self::Plain(Plain::new(api, &arguments.plain, timeout)?));
        }
        let shop = || {
            let shop = arguments.shop.as_deref();
            shop.ok_or_else(|| format!("{} needs --shop, the shop's address", platform.name))
        };
        match platform.id {
            "shopify" => {
                Shopify::new(platform, shop()?, &arguments.api_version, timeout).map(Self::Shopify)
            }
            "woocommerce" => WooCommerce::new(platform, shop()?, timeout).map(Self::WooCommerce),
            _ => Err("give --api, the address where the sender's API takes webhooks".into()),
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.remote().host
    }

    /// What is wanted and cannot be had is told before anything is changed.
    pub(crate) fn check(&self, events: &[String]) -> Result<(), Failure> {
        match self {
            Self::WooCommerce(shop) => shop.signing_key().map(drop),
            Self::Plain(api) => api.check(events),
            Self::Shopify(_) => Ok(()),
        }
    }

    /// What is registered, at `ours` and elsewhere; `events` are those that may be meant.
    pub(crate) async fn list(&self, ours: &Url, events: &[&str]) -> Result<Listing, Failure> {
        match self {
            Self::Plain(api) => api.list(ours, events).await,
            Self::Shopify(shop) => shop.list().await.map(Listing::Registered),
            Self::WooCommerce(shop) => shop.list().await.map(Listing::Registered),
        }
    }

    /// The events, divided into those that one registration takes.
    pub(crate) fn portions<'a>(&self, events: &'a [String]) -> Vec<&'a [String]> {
        let size = match self {
            Self::Plain(api) => api.portion(events.len()),
            Self::Shopify(_) | Self::WooCommerce(_) => 1,
        };
        events.chunks(size).collect()
    }

    /// Registers one portion of events.
    pub(crate) async fn create(&self, address: &Url, events: &[String]) -> Result<Made, Failure> {
        match self {
            Self::Plain(api) => api.create(address, events).await,
            Self::Shopify(shop) => shop.create(address, &events[0]).await,
            Self::WooCommerce(shop) => shop.create(address, &events[0]).await,
        }
    }

    /// Sees to it that a registration that is there already works; false if it needs no care.
    pub(crate) async fn renew(&self, registration: &Registration) -> Result<bool, Failure> {
        match (self, &registration.id) {
            (Self::WooCommerce(shop), Some(id)) => shop.renew(id).await.map(|()| true),
            _ => Ok(false),
        }
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        match self {
            Self::Plain(api) => api.remove(id).await,
            Self::Shopify(shop) => shop.remove(id).await,
            Self::WooCommerce(shop) => shop.remove(id).await,
        }
    }

    /// What the key is that `connect` is to be given.
    pub(crate) fn key(&self, platform: &'static Platform) -> &str {
        match self {
            Self::Shopify(_) => {
                "In the app's settings: what an app registers is signed with its client secret."
            }
            Self::WooCommerce(_) => "In SIGNING_KEY: the shop signs with it.",
            Self::Plain(_) => &platform.setup.key,
        }
    }

    /// Which webhooks the list leaves out.
    pub(crate) fn unseen(&self) -> Option<&'static str> {
        match self {
            Self::Shopify(_) => Some(
                "Shopify tells an app of its own webhooks only: not of those in Settings → Notifications, \
                 and not of those in the app's configuration file.",
            ),
            Self::Plain(_) | Self::WooCommerce(_) => None,
        }
    }

    /// Whether nobody but the API itself knows how it names events, and how many registrations it
    /// takes for an address.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    pub(crate) fn remote(&self) -> &Remote {
        match self {
            Self::Plain(api) => &api.remote,
            Self::Shopify(shop) => &shop.remote,
            Self::WooCommerce(shop) => &shop.remote,
        }
    }
}

impl Registration {
    pub(crate) fn is_at(&self, address: &Url) -> bool {
        Url::parse(&self.address).is_ok_and(|url| url == *address)
    }

    /// One that does not say its events may well be for all of them.
    pub(crate) fn is_for(&self, event: &String) -> bool {
        self.events.is_empty() || self.events.contains(event)
    }

    /// Its events, safe to print.
    pub(crate) fn names(&self, remote: &Remote) -> String {
        let names = remote.line(&self.events.join(", "));
        names.map_or_else(|| "(events not said)".to_owned(), |names| names.to_string())
    }
}

/// The event types that the platform's file knows.
pub(crate) fn event_types(platform: &Platform) -> impl Iterator<Item = &str> {
    let mut rest = platform.rules.iter().flat_map(|rule| rule.types.as_slice());
    iter::from_fn(move || rest.next().map(String::as_str))
}
