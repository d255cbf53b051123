//! What a container says: access logs, JSON, klog, databases and Java, by its image; and its last words.

use jiff::Timestamp;
use serde_json::json;

use crate::demo::logs::instance::Instance;

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: &str) -> Self {
        let hash = seed
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(hash)
    }

    /// A number below `bound` (`splitmix64`).
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len() as u64) as usize).copied().unwrap_or_default()
    }
}

/// How a program writes its log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    Access,
    Json,
    Klog,
    Java,
    Mysql,
    Redis,
    Flask,
}

/// Image names (a part of them) and how they speak; the first that fits counts.
const VOICES: [(&str, Voice); 24] = [
    ("ingress-nginx/controller", Voice::Access),
    ("shop/storefront", Voice::Access),
    ("shop/images", Voice::Access),
    ("shop/admin", Voice::Access),
    ("envoyproxy/envoy", Voice::Access),
    ("free4chat/api", Voice::Access),
    ("python-redis-demo", Voice::Flask),
    ("shop/payments", Voice::Java),
    ("shop/reports", Voice::Java),
    ("shop/inventory", Voice::Java),
    ("mysql-backup", Voice::Json),
    ("library/mysql", Voice::Mysql),
    ("library/postgres", Voice::Mysql),
    ("library/redis", Voice::Redis),
    ("library/nats", Voice::Redis),
    ("kube-", Voice::Klog),
    ("cert-manager", Voice::Klog),
    ("sig-storage", Voice::Klog),
    ("cephcsi", Voice::Klog),
    ("csi-plugin", Voice::Klog),
    ("metrics-server", Voice::Klog),
    ("external-dns", Voice::Klog),
    ("argo-rollouts", Voice::Klog),
    ("storage-provisioner", Voice::Klog),
];

fn voice(instance: &Instance) -> Voice {
    VOICES.iter().find(|(part, _)| instance.image.contains(part)).map_or(Voice::Json, |(_, voice)| *voice)
}

/// What the run says at one moment; a stack trace is several lines.
pub fn speak(instance: &Instance, at: Timestamp, dice: &mut Dice) -> Vec<String> {
    match voice(instance) {
        Voice::Access => vec![access(at, dice)],
        Voice::Json => vec![json_line(instance, at, dice)],
        Voice::Klog => vec![klog(at, dice)],
        Voice::Java => java(at, dice),
        Voice::Mysql => vec![mysql(at, dice)],
        Voice::Redis => vec![redis(at, dice)],
        Voice::Flask => vec![flask(at, dice)],
    }
}

/// What a run says when it starts.
pub fn opening(instance: &Instance) -> Vec<String> {
    let image = instance.image.rsplit('/').next().unwrap_or_default();
    let (name, version) = image.split_once(':').unwrap_or((image, "latest"));
    match voice(instance) {
        Voice::Json => vec![
            json!({"time": instance.started.to_string(), "level": "INFO", "msg": "starting", "app": name, "version": version}).to_string(),
            json!({"time": instance.started.to_string(), "level": "INFO", "msg": "listening", "addr": ":8080", "metrics": ":9090"}).to_string(),
        ],
        Voice::Java => vec![
            format!("{} INFO  [main] com.example.{name}.Application - Starting {name} {version} using Java 21.0.5 with PID 1", clock(instance.started)),
            format!("{} INFO  [main] o.s.b.w.e.tomcat.TomcatWebServer - Tomcat started on port 8080 (http)", clock(instance.started)),
        ],
        _ => Vec::new(),
    }
}

/// The last words of a run: nothing after a clean end.
pub fn closing(instance: &Instance) -> Vec<String> {
    let ended = instance.ended.unwrap_or(instance.started);
    let name = &instance.container;
    match (instance.reason.as_str(), instance.exit_code) {
        (_, 0) => vec![format!("{} INFO done", clock(ended))],
        ("OOMKilled", _) => vec![
            format!("{} WARN garbage collection took 812 ms, 118 MiB of 128 MiB in use", clock(ended)),
            format!("{} WARN order cache is growing: 48211 entries", clock(ended)),
            format!("{} ERROR heap limit reached, 131 MiB in use", clock(ended)),
        ],
        (_, code) if voice(instance) == Voice::Java => vec![
            format!("{} ERROR [main] c.e.{name}.Application - cannot start", clock(ended)),
            "java.lang.IllegalStateException: required setting PAYMENTS_API_KEY is not set".to_owned(),
            format!("\tat com.example.{name}.Settings.require(Settings.java:41)"),
            format!("\tat com.example.{name}.Application.main(Application.java:23)"),
            format!("process exits with code {code}"),
        ],
        (_, code) => vec![
            format!("panic: {name}: dial tcp 10.96.12.7:3306: connect: connection refused"),
            String::new(),
            "goroutine 1 [running]:".to_owned(),
            format!("main.main()\n\t/src/cmd/{name}/main.go:57 +0x1d4").replace('\n', " "),
            format!("exit status {code}"),
        ],
    }
}

fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
}

fn access(at: Timestamp, dice: &mut Dice) -> String {
    let path = dice.pick(&[
        "/",
        "/catalog?page=2",
        "/api/orders",
        "/cart",
        "/static/app.7f3c.js",
        "/healthz",
        "/checkout",
        "/img/4711.webp",
        "/search?q=lamp",
    ]);
    let status = dice.pick(&["200", "200", "200", "200", "200", "304", "301", "404", "499", "502"]);
    let agent = dice.pick(&[
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1) Safari/605.1.15",
        "curl/8.11.0",
        "kube-probe/1.36",
    ]);
    let method = dice.pick(&["GET", "GET", "GET", "POST"]);
    format!(
        "203.0.113.{} - - [{}] \"{method} {path} HTTP/1.1\" {status} {} \"-\" \"{agent}\" {} 0.{:03}",
        1 + dice.below(250),
        at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        180 + dice.below(40_000),
        300 + dice.below(900),
        1 + dice.below(700),
    )
}

fn json_line(instance: &Instance, at: Timestamp, dice: &mut Dice) -> String {
    let (level, message) = match dice.below(40) {
        0 => ("ERROR", "upstream answered 503"),
        1 | 2 => ("WARN", "slow query"),
        3..=8 => ("DEBUG", "cache miss"),
        _ => ("INFO", "request served"),
    };
    // Three of four lines belong to a request that went through every service in these two seconds.
    let own = dice.below(u64::MAX);
    let trace = match own % 4 {
        0 => own,
        _ => Dice::new(&format!("request/{}", at.as_second() / 2)).below(u64::MAX),
    };
    json!({
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(), "level": level, "msg": message,
        "app": instance.container, "trace": format!("{trace:016x}"),
        "path": dice.pick(&["/api/orders", "/api/catalog/42", "/api/cart", "/readyz"]),
        "ms": 1 + dice.below(480), "status": if level == "ERROR" { 503 } else { 200 },
    })
    .to_string()
}

fn klog(at: Timestamp, dice: &mut Dice) -> String {
    let (level, text) = match dice.below(30) {
        0 => (
            "E",
            "reflector.go:204] \"Failed to watch\" err=\"the server was unable to return a response in the time allotted\"",
        ),
        1 | 2 => ("W", "warnings.go:70] \"v1 Endpoints is deprecated in v1.33+\""),
        3..=9 => ("I", "leaderelection.go:280] \"Successfully renewed lease\""),
        10..=17 => ("I", "controller.go:615] \"Finished syncing\" duration=\"3.1ms\""),
        _ => ("I", "shared_informer.go:357] \"Caches are synced\""),
    };
    format!("{level}{}       1 {text}", at.strftime("%m%d %H:%M:%S.%6f"))
}

fn java(at: Timestamp, dice: &mut Dice) -> Vec<String> {
    let thread = format!("http-nio-8080-exec-{}", 1 + dice.below(10));
    let head = clock(at);
    if dice.below(25) != 0 {
        let text = dice.pick(&[
            "Payment authorised",
            "Refund booked",
            "Idempotency key seen before, answering from store",
            "Ledger entry written",
        ]);
        return vec![format!(
            "{head} INFO  [{thread}] c.e.payments.PaymentService - {text} id={:08x}",
            dice.below(1 << 32)
        )];
    }
    vec![
        format!("{head} ERROR [{thread}] c.e.payments.PaymentController - authorisation failed"),
        "java.net.SocketTimeoutException: Read timed out".to_owned(),
        "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)".to_owned(),
        "\tat java.base/java.net.Socket$SocketInputStream.read(Socket.java:1099)".to_owned(),
        format!("\tat com.example.payments.AcquirerClient.authorise(AcquirerClient.java:{})", 80 + dice.below(60)),
        "Caused by: javax.net.ssl.SSLException: Connection reset".to_owned(),
        "\t... 37 common frames omitted".to_owned(),
    ]
}

fn mysql(at: Timestamp, dice: &mut Dice) -> String {
    let text = dice.pick(&[
        "[Note] [MY-010914] [Server] Aborted connection 8123 to db: 'shop' user: 'orders' (Got timeout reading communication packets).",
        "[System] [MY-013172] [Server] Received keepalive from source.",
        "[Warning] [MY-013360] [Server] Plugin mysql_native_password reported: ''mysql_native_password' is deprecated'",
        "[Note] [MY-012923] [InnoDB] Page cleaner took 1204ms to flush 2000 pages",
    ]);
    format!("{} {} {text}", at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"), dice.below(9_000))
}

fn redis(at: Timestamp, dice: &mut Dice) -> String {
    let text = dice.pick(&[
        "* 100 changes in 300 seconds. Saving...",
        "* Background saving started by pid 4711",
        "* DB saved on disk",
        "* Background saving terminated with success",
        "# Client closed connection",
    ]);
    format!("1:M {} {text}", at.strftime("%d %b %Y %H:%M:%S.%3f"))
}

fn flask(at: Timestamp, dice: &mut Dice) -> String {
    let request = dice.pick(&[
        "GET /health HTTP/1.1\" 200",
        "GET /health HTTP/1.1\" 200",
        "GET / HTTP/1.1\" 200",
        "GET /mydemo HTTP/1.1\" 404",
    ]);
    format!("192.168.49.1 - - [{}] \"{request} -", at.strftime("%d/%b/%Y %H:%M:%S"))
}
