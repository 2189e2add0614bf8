//! The address that is registered with a platform, which some platforms sign.

use crate::platform::Platform;

/// Where all webhooks go, or those of `generic` alone.
const ROOT: &str = "/webhook";

impl Platform {
    /// The platform's path.
    pub fn path(&self) -> String {
        match self.id {
            "generic" => ROOT.to_owned(),
            id => format!("{ROOT}/{id}"),
        }
    }

    /// The platform's address, where `public_url` is that of any platform, or what comes before it.
    pub fn address(&self, public_url: &str) -> String {
        let (before, last) = public_url.rsplit_once('/').unwrap_or((public_url, ""));
        let base = match before.strip_suffix(ROOT) {
            Some(base) if Self::find(last).is_some() => base,
            _ => public_url.strip_suffix(ROOT).unwrap_or(public_url).trim_end_matches('/'),
        };
        format!("{base}{}", self.path())
    }

    /// The addresses that may be registered with the platform: `public_url` letter for letter, because a
    /// relay may have any address, and the platform's own.
    pub fn addresses(&self, public_url: Option<&str>) -> Vec<String> {
        let Some(public_url) = public_url else { return Vec::new() };
        let mut addresses = vec![public_url.to_owned(), self.address(public_url)];
        addresses.dedup();
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_setting_is_the_address_of_every_platform() {
        let [square, olo] = ["square", "olo"].map(|id| Platform::find(id).unwrap());
        for public_url in [
            "https://api.example/prod",
            "https://api.example/prod/",
            "https://api.example/prod/webhook",
            "https://api.example/prod/webhook/square",
            "https://api.example/prod/webhook/olo",
        ] {
            let addresses = [square, olo].map(|platform| platform.address(public_url));
            let expected =
                ["square", "olo"].map(|id| format!("https://api.example/prod/webhook/{id}"));
            assert_eq!(addresses, expected, "{public_url}");
        }
        let generic = Platform::find("generic").unwrap();
        assert_eq!(generic.address("https://api.example"), "https://api.example/webhook");
    }

    #[test]
    fn an_address_of_a_relay_is_taken_as_it_is() {
        let square = Platform::find("square").unwrap();
        let relay = "https://relay.example/orders?key=1";
        assert_eq!(square.addresses(Some(relay))[0], relay);
        let own = "https://api.example/webhook/square";
        assert_eq!(square.addresses(Some(own)), [own]);
        assert!(square.addresses(None).is_empty());
    }
}
