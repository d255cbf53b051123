//! The domains of a cluster, as the `kubernetes` plugin of CoreDNS is told them.

/// The domains that a Corefile gives to the cluster, without those for reverse lookups.
pub fn cluster_domains(text: &str) -> Vec<String> {
    let mut domains: Vec<String> = Vec::new();
    let mut zones: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("");
        let words: Vec<&str> = line.split_whitespace().filter(|word| !matches!(*word, "{" | "}")).collect();
        if depth == 0 && !words.is_empty() {
            zones = words.iter().filter_map(|word| zone(word)).collect();
        }
        if depth == 1 && words.first() == Some(&"kubernetes") {
            let given: Vec<String> = words[1..].iter().filter_map(|word| zone(word)).collect();
            // Without zones of its own the plugin serves those of its server block.
            let served = if words.len() == 1 { zones.clone() } else { given };
            for domain in served.into_iter().filter(|d| !domains.contains(d)).collect::<Vec<_>>() {
                domains.push(domain);
            }
        }
        let (opened, closed) = (line.matches('{').count(), line.matches('}').count());
        depth = (depth + opened).saturating_sub(closed);
    }
    domains
}

/// `dns://cluster.local.:53` → `cluster.local`; none for addresses, reverse zones and the root.
fn zone(word: &str) -> Option<String> {
    let word = word.trim_end_matches(['{', ',']);
    let word = word.split_once("://").map_or(word, |(_, rest)| rest);
    let name = word.split(':').next().unwrap_or("").trim_end_matches('.').to_lowercase();
    let is_name = !name.is_empty() && name.split('.').next_back() != Some("arpa") && !name.contains('/');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domains_of_the_plugin_are_those_of_the_cluster() {
        let usual = ".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n    }\n    forward . /etc/resolv.conf\n}\n";
        assert_eq!(cluster_domains(usual), ["cluster.local"]);
        let two = "# kubernetes x\ncorp.example.:53 {\n kubernetes K8S.corp.example. old.local {\n }\n}\n.:53 {\n forward . 1.1.1.1\n}\n";
        assert_eq!(cluster_domains(two), ["k8s.corp.example", "old.local"]);
    }

    #[test]
    fn a_plugin_without_zones_serves_those_of_its_block() {
        assert_eq!(cluster_domains("cluster.local:53 in-addr.arpa {\n  kubernetes\n}\n"), ["cluster.local"]);
        assert!(cluster_domains(". {\n kubernetes {\n }\n").is_empty());
        assert!(cluster_domains("}}}\nkubernetes a.b\n").is_empty());
    }
}
