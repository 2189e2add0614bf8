//! One interface to the APIs with which webhooks are registered.

use std::time::Duration;

use order_alerts::platform::Platform;
use url::Url;

use crate::register::plain::{Plain, PlainOptions};
use crate::register::registration::{Creation, Listing, Registration};
use crate::register::remote::Remote;
use crate::register::shopify::{self, Shopify};
use crate::register::woocommerce::WooCommerce;
use crate::terminal::Failure;

/// The API of a platform, with its credentials.
pub(crate) enum Api {
    Plain(Plain),
    Shopify(Shopify),
    WooCommerce(WooCommerce),
}

/// The options of `register` that say how the API is reached.
#[derive(clap::Args)]
pub(crate) struct ApiOptions {
    /// How long to wait for a response.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// The shop. At Shopify: NAME, NAME.myshopify.com or an address of its admin. WooCommerce: its address.
    #[arg(long, conflicts_with = "api", help_heading = "Shopify and WooCommerce")]
    shop: Option<String>,
    /// The version of Shopify's API.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = shopify::VERSION,
        help_heading = "Shopify and WooCommerce"
    )]
    api_version: String,
    #[command(flatten)]
    plain: PlainOptions,
}

impl ApiOptions {
    /// Whether it is an API that takes any JSON document.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain.api.is_some()
    }
}

impl Api {
    /// The platform's own API, or the plain one at the address of `--api`.
    ///
    /// Asks for its credentials: for the signing key only where `registers` says that it is needed.
    pub(crate) async fn of(
        platform: &'static Platform,
        options: &ApiOptions,
        registers: bool,
    ) -> Result<Self, Failure> {
        let timeout = Duration::from_secs(options.timeout);
        if let Some(api) = &options.plain.api {
            return Ok(Self::Plain(Plain::new(api, &options.plain, timeout)?));
        }
        let shop = || {
            let shop = options.shop.as_deref();
            shop.ok_or_else(|| format!("{} needs --shop, the shop's address", platform.name))
        };
        match platform.id {
            "shopify" => {
                let shop = Shopify::new(platform, shop()?, &options.api_version, timeout).await;
                shop.map(Self::Shopify)
            }
            "woocommerce" => {
                WooCommerce::new(platform, shop()?, timeout, registers).map(Self::WooCommerce)
            }
            _ => Err("give --api, the address at which the sender's API registers webhooks".into()),
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.remote().host
    }

    /// Refuses what the API cannot do, before anything is changed.
    pub(crate) fn check(&self, events: &[String]) -> Result<(), Failure> {
        match self {
            Self::Plain(api) => api.check(events),
            Self::Shopify(_) | Self::WooCommerce(_) => Ok(()),
        }
    }

    /// All registrations, at `address` and elsewhere. `events` are the events that they may name.
    pub(crate) async fn list(&self, address: &Url, events: &[&str]) -> Result<Listing, Failure> {
        match self {
            Self::Plain(api) => api.list(address, events).await,
            Self::Shopify(shop) => shop.list().await.map(Listing::Registered),
            Self::WooCommerce(shop) => shop.list().await.map(Listing::Registered),
        }
    }

    /// The events, divided into the batches that one registration takes.
    pub(crate) fn batches<'a>(&self, events: &'a [String]) -> Vec<&'a [String]> {
        let size = match self {
            Self::Plain(api) => api.batch_size(events.len()),
            Self::Shopify(_) | Self::WooCommerce(_) => 1,
        };
        events.chunks(size).collect()
    }

    /// Registers one batch of events.
    pub(crate) async fn create(
        &self,
        address: &Url,
        events: &[String],
    ) -> Result<Creation, Failure> {
        match self {
            Self::Plain(api) => api.create(address, events).await,
            Self::Shopify(shop) => shop.create(address, &events[0]).await,
            Self::WooCommerce(shop) => shop.create(address, &events[0]).await,
        }
    }

    /// Makes an existing registration work again. Returns false if the API needs nothing for that.
    pub(crate) async fn reactivate(&self, registration: &Registration) -> Result<bool, Failure> {
        match (self, &registration.id) {
            (Self::WooCommerce(shop), Some(id)) => shop.reactivate(id).await.map(|()| true),
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

    /// Where the key is that `connect` asks for.
    pub(crate) fn key(&self, platform: &'static Platform) -> &str {
        match self {
            Self::Shopify(_) => {
                "In the app's settings: webhooks that an app registers are signed with its client secret."
            }
            Self::WooCommerce(_) => {
                "It is the signing key that you gave: the shop signs its webhooks with it."
            }
            Self::Plain(_) => &platform.setup.key,
        }
    }

    /// Which webhooks the platform does not list.
    pub(crate) fn not_listed(&self) -> Option<&'static str> {
        match self {
            Self::Shopify(_) => Some(
                "Shopify lists only the webhooks that the app itself registered: not those in Settings → \
                 Notifications, and not those in the app's configuration file.",
            ),
            Self::Plain(_) | Self::WooCommerce(_) => None,
        }
    }

    /// Whether the API names its events, and limits registrations, in a way that is not known here.
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
