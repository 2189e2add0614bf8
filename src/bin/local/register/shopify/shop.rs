//! The address of a Shopify shop, from the forms in which people know it.

use url::Url;

use crate::net;
use crate::terminal::Failure;

/// The domain of every shop's own address.
const SHOPS: &str = ".myshopify.com";
/// The admin of all shops. The shop's name is in its path, after `store`.
const ADMIN: &str = "admin.shopify.com";

/// The shop's own address: that of its name, of its admin, or of a server on this machine in tests.
///
/// The app's credentials must not be sent to any other host.
pub(super) fn url(shop: &str) -> Result<Url, Failure> {
    let shop = shop.trim();
    let wrong = "--shop must be the shop's own name, such as tea-house.myshopify.com";
    if is_name(shop) {
        return Ok(format!("https://{shop}{SHOPS}").parse()?);
    }
    let url = if shop.contains("://") { shop.to_owned() } else { format!("https://{shop}") };
    let url = Url::parse(&url).map_err(|_| wrong)?;
    net::check_safe(&url, "--shop")?;
    if net::is_loopback(&url) {
        return Ok(url);
    }
    let host = url.host_str().unwrap_or_default();
    let name = if host == ADMIN {
        let mut steps = url.path().split('/').skip_while(|step| *step != "store");
        steps.nth(1)
    } else {
        host.strip_suffix(SHOPS)
    };
    match name {
        Some(name) if is_name(name) => Ok(format!("https://{name}{SHOPS}").parse()?),
        _ => Err(wrong.into()),
    }
}

fn is_name(text: &str) -> bool {
    let is_in_a_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_in_a_name) && text != "localhost"
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn every_address_of_a_shop_is_its_own_one() {
        for shop in [
            "tea-house",
            " Tea-House ",
            "tea-house.myshopify.com",
            "tea-house.myshopify.com/",
            "https://tea-house.myshopify.com/admin",
            "https://tea-house.myshopify.com/admin/orders?status=open#top",
            "https://admin.shopify.com/store/tea-house",
            "https://admin.shopify.com/store/tea-house/settings/notifications?x=1",
            "admin.shopify.com/store/tea-house/",
        ] {
            let url = url(shop).unwrap();
            assert_eq!(url.as_str(), "https://tea-house.myshopify.com/", "{shop}");
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
            assert!(url(shop).is_err(), "{shop}");
        }
    }
}
