//! Where the fields of an order are, as a platform file says.

use serde::Deserialize;

use super::place::PlaceError;
use super::{Conditions, LinkUrl, OneOrMany, Place, Places};
use crate::order::money::Unit;

/// Where the fields of an order are. Nothing else of the body leaves the parser. Of a store event, only
/// `shop`, `reason`, `occurred_at`, `test` and `delivery_id` are read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    pub id: Places,
    /// What separates several orders at `id`, if there can be several. Each is an event of its own,
    /// without the fields of a single order, such as its amount.
    pub id_separator: Option<String>,
    /// Places of which every order has one, besides its id: a body without them is not about an order.
    /// None for senders that need not name their orders.
    pub required: Places,
    pub number: Places,
    pub shop: Places,
    /// The shop is a host under this domain; anything else is not shown. The link to an order's page
    /// may lead there.
    pub shop_domain: Option<String>,
    pub reason: Places,
    pub status: Places,
    /// Where the payload says whether anything was paid.
    pub paid: Option<Paid>,
    pub customer: Places,
    /// RFC 3339, a date and time without a zone (taken as UTC), or Unix seconds or milliseconds.
    pub occurred_at: Places,
    /// When the order is to be ready, written in the same ways.
    pub due_at: Places,
    /// The event is a test when one of these holds.
    pub test: Conditions,
    /// The sender's id of the event, the same at every attempt. Only a place that the signature covers.
    /// Without one, the body itself identifies the event.
    pub delivery_id: Places,
    /// The first of these that holds an amount.
    pub total: Option<OneOrMany<Total>>,
    pub items: Option<Items>,
    pub link: Option<Link>,
}

/// How the payload says whether anything was paid. Where it says neither, that is unknown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    pub at: OneOrMany<Place>,
    /// The texts at one of the places by which something was paid; `*` is any text.
    pub yes: OneOrMany<String>,
    /// The texts by which nothing was paid, if no place says otherwise. An empty one is a place that is
    /// there and holds nothing: `null`, or a text without a character.
    pub no: OneOrMany<String>,
    /// Orders that are paid in another way than the places say, written as conditions.
    #[serde(default)]
    pub unless: Conditions,
}

/// Where an order's amount is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    pub amount: Places,
    #[serde(default)]
    pub currency: Currency,
    pub unit: Unit,
}

/// The currency of an amount.
#[derive(Debug, Deserialize)]
#[serde(try_from = "OneOrMany<String>")]
pub enum Currency {
    At(Places),
    /// The platform has one only: its code by ISO 4217.
    Always(String),
}

/// None is named.
impl Default for Currency {
    fn default() -> Self {
        Self::At(Places::default())
    }
}

/// A code has three capital letters, and no place looks like that.
impl TryFrom<OneOrMany<String>> for Currency {
    type Error = PlaceError;

    fn try_from(texts: OneOrMany<String>) -> Result<Self, PlaceError> {
        match texts {
            OneOrMany::One(code) if iso_currency::Currency::from_code(&code).is_some() => {
                Ok(Self::Always(code))
            }
            texts => texts.try_into().map(Self::At),
        }
    }
}

/// Where an order's items are: `title` and `quantity` are places inside each element of `list`. A
/// text in place of a list is one element.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    pub list: Place,
    pub title: Places,
    #[serde(default)]
    pub quantity: Places,
    /// The titles are HTML text, with tags, and `&amp;` for `&`.
    #[serde(default)]
    pub html: bool,
}

/// The order's page in the shop's admin. It is shown only if its host is the one that the signed body
/// names at `host`, or, without a `host`, if it is under the fields' `shop_domain`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub url: LinkUrl,
    pub host: Option<Place>,
}
