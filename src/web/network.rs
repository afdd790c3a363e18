//! Where a request comes from, as far as limits care: one IPv4 address, or one IPv6 network of 64 bits, which is
//! what one household has.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::web::error::WebError;
use crate::web::settings::Settings;
use crate::web::state::State;

/// A visitor's network.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    /// Where a request comes from. A proxy's word counts only when the proxy is trusted.
    pub(super) fn of(request: &HttpRequest, settings: &Settings) -> Self {
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        Self::new(sender(peer, request.headers(), &settings.trusted_proxies))
    }

    pub(super) fn new(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self(address),
            IpAddr::V6(address) => {
                let mask = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);
                Self(IpAddr::V6(address & mask))
            }
        }
    }

    /// The network of 48 bits around an IPv6 one, which is what one customer can have.
    pub(super) fn wide(self) -> Option<Self> {
        match self.0 {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => {
                let mask = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0, 0, 0, 0, 0);
                Some(Self(IpAddr::V6(address & mask)))
            }
        }
    }

    /// A name under which storage may know it; not the address itself.
    pub(super) fn name(self) -> String {
        let digest = Sha256::digest(format!("codecube network {}", self.0));
        format!("network-{}", hex::encode(&digest[..12]))
    }
}

impl FromRequest for Network {
    type Error = WebError;
    type Future = std::future::Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let unknown = || Self::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let state = request.app_data::<Data<State>>();
        std::future::ready(Ok(state.map_or_else(unknown, |state| Self::of(request, &state.settings))))
    }
}

/// Whether a trusted proxy passed this request on, and says that it came by https.
pub(super) fn came_by_https(request: &HttpRequest, settings: &Settings) -> bool {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let trusted = peer.is_some_and(|peer| settings.trusted_proxies.iter().any(|network| network.contains(&peer)));
    trusted && request.headers().get("x-forwarded-proto").is_some_and(|scheme| scheme == "https")
}

impl fmt::Debug for Network {
    /// Addresses do not belong in a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Network(…)")
    }
}

/// The last hop that no trusted proxy made: proxies append, so what stands further left is anybody's invention.
fn sender(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let lines: Vec<&str> = headers.get_all(X_FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
    let mut last = peer;
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        // Unreadable: whoever wrote it is the last that is known.
        let Some(address) = hop_address(hop.trim()) else { break };
        last = address;
        if !is_trusted(&address) {
            break;
        }
    }
    last
}

/// An address, with or without port and brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let parsed = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_from(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        sender(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_hop() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(seen_from("192.0.2.1", &["203.0.113.9"], &trusted), "192.0.2.1");
        assert_eq!(seen_from("10.0.0.1", &["203.0.113.9"], &trusted), "203.0.113.9");
        assert_eq!(seen_from("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"], &trusted), "203.0.113.9");
        assert_eq!(seen_from("10.0.0.1", &["1.1.1.1", "203.0.113.9:4711"], &trusted), "203.0.113.9");
        assert_eq!(seen_from("10.0.0.1", &["1.1.1.1, nonsense"], &trusted), "10.0.0.1");
        assert_eq!(seen_from("10.0.0.1", &["[2001:db8::1]:443"], &trusted), "2001:db8::1");
        assert_eq!(seen_from("10.0.0.1", &["::ffff:203.0.113.9"], &trusted), "203.0.113.9");
        assert_eq!(seen_from("10.0.0.1", &[], &trusted), "10.0.0.1");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_visitor() {
        let network = |text: &str| Network::new(text.parse().unwrap());
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::2"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
