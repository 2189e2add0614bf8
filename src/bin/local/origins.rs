//! Which requests the local stack serves: those of this machine's programs, and of its own page.
//!
//! A browser sends requests to a port of this machine for any web page that asks it to. Three headers,
//! which a page cannot choose, say where a request comes from:
//!
//! * `Host` is the name in the address. A page whose name resolves to 127.0.0.1 only later ("DNS
//!   rebinding") has its own name there.
//! * `Origin` is the page that sends a POST.
//! * `Sec-Fetch-Site` says how that page is related to the address: <https://www.w3.org/TR/fetch-metadata/>.
//!
//! A program without a browser, such as curl or a shop, sends neither of the last two.

use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names by which the local stack is reached.
pub(crate) struct Origins {
    /// Each with its port, as in a `Host` header.
    hosts: [String; 3],
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Foreign {
    #[error(
        "the local stack is reached as 127.0.0.1 or localhost, with its port, and by no other name"
    )]
    Host,
    #[error("the page of another site sent this request")]
    Page,
}

impl Origins {
    pub(crate) fn new(port: u16) -> Self {
        Self { hosts: ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}")) }
    }

    /// Refuses what the page of another site sent, or may have sent.
    ///
    /// A `GET` of another site is served: it changes nothing, no other page can read the answer, and a
    /// link to the local stack is such a `GET`.
    pub(crate) fn check(&self, request: &Parts) -> Result<(), Foreign> {
        let mut hosts = request.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Foreign::Host);
        };
        // An address in the request line, as for a proxy, takes the place of `Host`.
        let in_line = request.uri.authority().map(|authority| authority.as_str().as_bytes());
        if !self.is_ours(host.as_bytes()) || in_line.is_some_and(|host| !self.is_ours(host)) {
            return Err(Foreign::Host);
        }
        if matches!(request.method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        let is_our_page = |origin: &HeaderValue| {
            origin.as_bytes().strip_prefix(b"http://").is_some_and(|host| self.is_ours(host))
        };
        let is_our_site = |site: &HeaderValue| site == "same-origin" || site == "none";
        let is_ours = request.headers.get_all(ORIGIN).iter().all(is_our_page)
            && request.headers.get_all(SEC_FETCH_SITE).iter().all(is_our_site);
        if is_ours { Ok(()) } else { Err(Foreign::Page) }
    }

    fn is_ours(&self, host: &[u8]) -> bool {
        self.hosts.iter().any(|ours| ours.as_bytes().eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[track_caller]
    fn check(request: &str, headers: &[(&str, &str)]) -> Result<(), Foreign> {
        let (method, uri) = request.split_once(' ').unwrap();
        let mut builder = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        Origins::new(3000).check(&builder.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_names_of_this_machine_are_served_with_our_port_alone() {
        for host in ["127.0.0.1:3000", "localhost:3000", "LocalHost:3000", "[::1]:3000"] {
            assert_eq!(check("POST /webhook", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:3000",
            "127.0.0.1",
            "127.0.0.1:3001",
            "127.0.0.1:30000",
            "127.0.0.1:3000.evil.example",
            "evil.example@127.0.0.1:3000",
            "localhost.evil.example:3000",
            "0.0.0.0:3000",
            "",
        ] {
            for request in ["GET /", "POST /webhook", "GET /local/state"] {
                assert_eq!(check(request, &[("host", host)]), Err(Foreign::Host), "{host}");
            }
        }
    }

    #[test]
    fn a_request_names_one_host() {
        assert_eq!(check("GET /", &[]), Err(Foreign::Host));
        let two = [("host", "127.0.0.1:3000"), ("host", "evil.example:3000")];
        assert_eq!(check("GET /", &two), Err(Foreign::Host));
        let ours = [("host", "127.0.0.1:3000")];
        assert_eq!(check("GET http://evil.example:3000/", &ours), Err(Foreign::Host));
        assert_eq!(check("GET http://127.0.0.1:3000/", &ours), Ok(()));
    }

    #[test]
    fn only_our_own_page_may_send() {
        let host = ("host", "127.0.0.1:3000");
        for ours in [
            ("origin", "http://127.0.0.1:3000"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(check("POST /local/samples/health", &[host, ours]), Ok(()), "{ours:?}");
        }
        for foreign in [
            ("origin", "http://evil.example"),
            ("origin", "https://127.0.0.1:3000"),
            ("origin", "http://127.0.0.1:8080"),
            ("origin", "http://127.0.0.1:3000.evil.example"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            // Another port of this machine.
            ("sec-fetch-site", "same-site"),
        ] {
            for request in
                ["POST /local/samples/health", "POST /services/x", "POST /webhook", "PUT /"]
            {
                assert_eq!(check(request, &[host, foreign]), Err(Foreign::Page), "{foreign:?}");
            }
        }
        let both = [host, ("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "cross-site")];
        assert_eq!(check("POST /local/samples/health", &both), Err(Foreign::Page));
    }

    #[test]
    fn a_link_of_another_site_opens_the_page() {
        let link = [("host", "127.0.0.1:3000"), ("sec-fetch-site", "cross-site")];
        assert_eq!(check("GET /", &link), Ok(()));
    }
}
