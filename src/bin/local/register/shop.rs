//! The shop that `--shop` names, in the forms in which people know it.

use order_alerts::platform::register::Shop;
use url::Url;

use crate::net;
use crate::terminal::Failure;

/// What `{shop}` stands for.
#[derive(Debug, PartialEq)]
pub(crate) struct Located {
    pub(crate) shop: String,
    /// A server on this machine, in tests: it takes the place of the shop's host.
    pub(crate) local: Option<Url>,
}

/// Reads the shop's name, or an address that has it.
///
/// The credentials must go to no other host.
pub(crate) fn located(text: &str, shop: &Shop) -> Result<Located, Failure> {
    let text = text.trim();
    let wrong = || format!("--shop must be {}", shop.is);
    let is_name = !["", "localhost"].contains(&text) && name_length(text) == text.len();
    if shop.site_before.is_empty() && is_name {
        return Ok(Located { shop: text.to_owned(), local: None });
    }
    let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&url).map_err(|_| wrong())?;
    net::check_safe(&url, "--shop")?;
    let (host, path) = (url.host_str().unwrap_or_default(), url.path());
    if !shop.site_before.is_empty() {
        let end = shop.site_before.iter().find_map(|part| path.find(part.as_str()));
        let home = path[..end.unwrap_or(path.len())].trim_end_matches('/');
        let shop = format!("{}{home}", url.origin().ascii_serialization());
        return Ok(Located { shop, local: None });
    }
    let addresses = shop.addresses.as_slice();
    if net::is_loopback(&url) && !addresses.is_empty() {
        return Ok(Located { shop: "local".to_owned(), local: Some(url) });
    }
    let name = addresses.iter().find_map(|address| name_in(&format!("{host}{path}"), address));
    name.map(|shop| Located { shop, local: None }).ok_or_else(|| wrong().into())
}

/// The name in an address that begins as this one, in which it is `{shop}`.
fn name_in(address: &str, known: &str) -> Option<String> {
    let (before, after) = known.split_once("{shop}")?;
    let rest = address.strip_prefix(before)?;
    let (name, rest) = rest.split_at(name_length(rest));
    let rest = rest.strip_prefix(after)?;
    let is_whole = !name.is_empty() && (rest.is_empty() || rest.starts_with('/'));
    is_whole.then(|| name.to_owned())
}

/// The number of bytes at the start that may be in a name.
fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use order_alerts::platform::Platform;

    use super::{Failure, Located, located};

    fn shopify(shop: &str) -> Result<Located, Failure> {
        let table = Platform::find("shopify").unwrap().register.as_ref().unwrap();
        located(shop, table.shop.as_ref().unwrap())
    }

    #[test]
    fn every_address_of_a_shop_is_its_own_one() {
        for shop in [
            "tea-house",
            " tea-house ",
            "tea-house.myshopify.com",
            "Tea-House.myshopify.com/",
            "https://tea-house.myshopify.com/admin",
            "https://tea-house.myshopify.com/admin/orders?status=open#top",
            "https://admin.shopify.com/store/tea-house",
            "https://admin.shopify.com/store/tea-house/settings/notifications?x=1",
            "admin.shopify.com/store/tea-house/",
        ] {
            let expected = Located { shop: "tea-house".to_owned(), local: None };
            assert_eq!(shopify(shop).unwrap(), expected, "{shop}");
        }
    }

    #[test]
    fn the_credentials_go_to_no_other_host() {
        for shop in [
            "",
            "tea-house.example",
            "https://tea-house.myshopify.com.evil.example",
            "https://evil.example/store/tea-house",
            "https://admin.shopify.com/store/evil.example%2f",
            "https://admin.shopify.com/store/",
            "https://admin.shopify.com/",
            "https://a.b.myshopify.com",
            "https://.myshopify.com",
            "http://tea-house.myshopify.com",
            "https://me:secret@tea-house.myshopify.com",
        ] {
            assert!(shopify(shop).is_err(), "{shop}");
        }
    }
}
