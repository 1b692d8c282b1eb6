// SPDX-License-Identifier: Apache-2.0

/// How the status page looks. Text has a contrast of 4.5 or more in both schemes.
enum StatusStyle {
  /// The SHA-256 of ``sheet`` in Base64: a browser applies no other style. A test keeps it equal.
  static let hash = "10RFH5YfLsuePNtZVFlm88WofWUGTjYfsCvSMmF6+aE="

  /// The style sheet.
  static let sheet: StaticString = """
    :root{color-scheme:light dark;--bg:#f6f6f3;--card:#fff;--ink:#1c1f24;--quiet:#5a606b;\
    --line:#dddfda;--grid:#e6e7e3;--link:#1d4f91;--critical:#b3231c;--warning:#8f4f00;\
    --notice:#27598f;--pending:#5a606b;--calm:#1f6b43;--curve:#27598f;--fill:#27598f1f;\
    --cone:#8f4f0026;--code:#f0f0ec;--on:#fff}
    @media(prefers-color-scheme:dark){:root{--bg:#121417;--card:#1a1d22;--ink:#e8e9ec;\
    --quiet:#a2a8b3;--line:#2d3138;--grid:#292d34;--link:#9cc3f5;--critical:#ff8b82;\
    --warning:#f2b25c;--notice:#93bbee;--pending:#a2a8b3;--calm:#7fcf9f;--curve:#93bbee;\
    --fill:#93bbee24;--cone:#f2b25c26;--code:#23272e;--on:#121417}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0 auto;max-width:64rem;padding:1.5rem 1.25rem 3rem;background:var(--bg);\
    color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",\
    Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
    h1,h2,h3,h4,p,figure,dl,dd,ol,ul,pre{margin:0}
    h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.01em}
    h2{font-size:1.05rem;margin:2.75rem 0 .9rem}
    h3{font-size:1.3rem;line-height:1.3;overflow-wrap:anywhere}
    h4{font-size:.95rem;margin:1.4rem 0 .5rem}
    a{color:var(--link);text-underline-offset:.15em}
    a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);\
    outline-offset:2px;border-radius:3px}
    code,pre{font:.875em/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",\
    monospace}
    .quiet{color:var(--quiet);font-weight:400}
    p.quiet{font-size:.875rem;max-width:44rem;margin-top:.6rem}
    .defs{position:absolute;width:0;height:0}
    .brand{font-weight:600;margin-bottom:1.25rem}
    .headline{display:flex;align-items:center;gap:.75rem}
    .headline .icon{width:2.25rem;height:2.25rem}
    .lead{margin-top:.6rem;font-size:1.1rem;max-width:46rem;overflow-wrap:anywhere}
    .fresh{margin-top:.5rem;color:var(--quiet);font-size:.875rem}
    .stale .fresh,.stale .lead{color:var(--critical);font-weight:600}
    .verdict.stale{border:3px solid var(--critical);border-radius:.75rem;padding:1.25rem}
    .icon{flex:none;width:1.15em;height:1.15em;vertical-align:-.2em;fill:currentColor}
    .icon.critical,.icon.stale{color:var(--critical)}
    .icon.warning{color:var(--warning)}
    .icon.notice{color:var(--notice)}
    .icon.pending,.icon.unknown{color:var(--pending)}
    .icon.calm,.icon.resolved{color:var(--calm)}
    .ink,.ring,.stroke{fill:none;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
    .ink{stroke:var(--on)}
    .ring,.stroke{stroke:currentColor}
    .ring{stroke-dasharray:3.5 3.5}
    .card{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--pending);\
    border-radius:.75rem;padding:1.25rem 1.5rem 1.5rem;margin-top:1rem}
    .card.critical{border-top-color:var(--critical)}
    .card.warning{border-top-color:var(--warning)}
    .card.notice{border-top-color:var(--notice)}
    .card.pending{border-top-style:dashed}
    .grade{display:flex;flex-wrap:wrap;align-items:center;gap:.1rem .75rem;margin-bottom:.5rem;\
    font-size:.9rem;color:var(--quiet)}
    .critical>.grade strong{color:var(--critical)}
    .warning>.grade strong{color:var(--warning)}
    .notice>.grade strong{color:var(--notice)}
    .what{margin-top:.25rem;font-size:1.05rem}
    .meaning{margin-top:1.25rem;max-width:46rem}
    .chart{margin-top:1.25rem}
    .plot{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.3rem .6rem;font-size:.78rem;\
    color:var(--quiet)}
    .plot .y{width:3.4rem;border:0;fill:var(--quiet);text-anchor:end}
    .y .limit{fill:var(--critical);font-weight:600}
    .plot .x{grid-column:2;display:flex;justify-content:space-between;position:relative}
    .now60 .x .now,.now40 .x .now{position:absolute;left:60%;transform:translateX(-50%)}
    .now40 .x .now{left:40%}
    .plot svg{width:100%;height:11rem}
    svg path{vector-effect:non-scaling-stroke}
    .grid{fill:none;stroke:var(--grid);stroke-width:1}
    .plot .grid,.pair .grid{stroke:var(--line)}
    .area{fill:var(--fill)}
    path.line{fill:none;stroke:var(--curve);stroke-width:2;stroke-linejoin:round;\
    stroke-linecap:round}
    .dot{fill:none;stroke:var(--curve);stroke-width:7;stroke-linecap:round}
    path.limit{fill:none;stroke:var(--critical);stroke-width:2;stroke-dasharray:7 5}
    path.cone{fill:var(--cone);stroke:var(--warning);stroke-width:1;stroke-dasharray:2 3}
    path.now{fill:none;stroke:var(--quiet);stroke-width:1;stroke-dasharray:1 4}
    .plot svg,.pair svg{display:block;overflow:visible;border-bottom:1px solid var(--quiet)}
    figcaption{margin-top:.6rem;font-size:.85rem;color:var(--quiet)}
    .key{display:inline-block;margin-right:1.25rem}
    .key:before{content:"";display:inline-block;width:1.4rem;margin-right:.45rem;\
    vertical-align:.25em;border-top:2px solid transparent}
    .key.line:before{border-color:var(--curve)}
    .key.limit:before{border-top:2px dashed var(--critical)}
    .key.cone:before{border-top:.7rem solid var(--cone);vertical-align:-.05em}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,13rem),1fr));\
    gap:.9rem 1.5rem;margin-top:1.25rem}
    .facts .wide{grid-column:1/-1}
    dt{font-size:.8rem;color:var(--quiet)}
    dd{overflow-wrap:anywhere}
    .more{margin-top:1rem}
    .advice{border-top:1px solid var(--line);margin-top:1.25rem}
    .advice ol,.advice ul{padding-left:1.35rem}
    .advice li{margin-top:.45rem;max-width:50rem}
    pre{background:var(--code);border-radius:.4rem;padding:.5rem .75rem;margin:.35rem 0 .6rem;\
    white-space:pre-wrap;overflow-wrap:anywhere}
    .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);\
    white-space:nowrap}
    .resolved{list-style:none;padding:0}
    .resolved li{margin-top:.4rem}
    .minis{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));\
    gap:1rem;margin-top:1rem}
    .mini{background:var(--card);border:1px solid var(--line);border-radius:.75rem;\
    padding:.8rem 1rem}
    .mini figcaption{display:flex;justify-content:space-between;margin:0 0 .6rem;font-size:.9rem;\
    color:var(--ink)}
    .pair{display:flex;gap:1rem}
    .pair>div{flex:1;min-width:0}
    .pair svg{width:100%;height:3.25rem}
    .span{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .75rem;\
    font-size:.75rem;color:var(--quiet);margin-top:.25rem}
    details{margin-top:1rem}
    summary{position:relative;cursor:pointer;color:var(--link);width:fit-content}
    summary a:before{content:"";position:absolute;inset:0}
    .do>summary a,.host>summary a{text-decoration:none}
    .host{margin-top:2.75rem}
    .host>summary{font-size:1.05rem;font-weight:700}
    .finding{margin:0;border-top:1px solid var(--line)}
    .finding:last-child{border-bottom:1px solid var(--line)}
    .finding>summary{display:grid;grid-template-columns:auto minmax(0,1fr) 6rem 17.5rem auto;\
    align-items:center;gap:.1rem .75rem;width:auto;padding:.55rem 0;color:var(--ink);\
    list-style:none}
    .finding>summary::-webkit-details-marker{display:none}
    .finding>summary:after{content:"";width:.5rem;height:.5rem;margin:-.2rem .35rem 0 0;\
    border:solid var(--quiet);border-width:0 2px 2px 0;transform:rotate(45deg)}
    .finding[open]>summary:after{margin-top:.2rem;transform:rotate(225deg)}
    .finding h3{display:inline;font-size:1rem;margin-right:.35rem}
    .who{min-width:0;overflow-wrap:anywhere}
    .rule{white-space:nowrap}
    .spark{height:1.6rem}
    .spark svg{display:block;width:100%;height:100%;overflow:visible}
    .finding .end{text-align:right;text-wrap:balance;font-size:.9rem}
    .finding .card{margin:.25rem 0 1.25rem}
    .scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);\
    border-radius:.75rem;padding:.4rem 1rem;margin-top:.75rem}
    table{border-collapse:collapse;width:100%}
    th,td{padding:.4rem 0 .4rem 1.25rem;text-align:right;vertical-align:top;font-weight:400}
    th:first-child,td:first-child{text-align:left;padding-left:0;overflow-wrap:anywhere;\
    min-width:8rem}
    thead th{font-size:.8rem;color:var(--quiet)}
    tbody tr{border-top:1px solid var(--grid)}
    .troubles{padding-left:1.35rem;margin-bottom:.5rem}
    p.quiet+p{margin-top:.5rem}
    footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:1.25rem}
    footer nav{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem}
    @media(max-width:52rem){.finding>summary{grid-template-columns:auto minmax(0,1fr) 4rem auto}\
    .finding .end{grid-area:2/2/auto/-1;text-align:left}}
    @media(max-width:30rem){body{padding:1rem .9rem 2.5rem}h1{font-size:1.45rem}\
    .card{padding:1rem 1.05rem 1.2rem}.plot svg{height:9rem}.plot .y{width:2.9rem}\
    th,td{padding-left:.8rem}\
    th:first-child{min-width:6.5rem}\
    .facts{display:block}.facts>div{display:grid;grid-template-columns:4.75rem minmax(0,1fr);\
    padding:.3rem 0;border-top:1px solid var(--grid)}dt{grid-column:1;line-height:1.85}\
    dd{grid-column:2}}
    .follows{margin-left:1.5rem}\
    @media print{details::details-content{content-visibility:visible;height:auto}\
    body{max-width:none;background:#fff}.card,.mini,.finding>summary{break-inside:avoid}\
    .more,nav{display:none}}
    """

  /// The icon of the browser's tab: a socket in the colour of the worst that there is.
  static func favicon(_ mood: StatusVerdict.Mood) -> String {
    let colour =
      switch mood {
      case .critical, .stale: "c8322a"
      case .warning: "b86a00"
      case .notice: "3a73b5"
      case .pending, .unknown: "777d88"
      case .calm: "2a8756"
      }
    return "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'"
      + "%20viewBox='0%200%2016%2016'"
      + "%3E%3Ccircle%20cx='8'%20cy='8'%20r='7'%20fill='%23\(colour)'/%3E"
      + "%3Cpath%20d='M6%205v3M10%205v3M5%2011h6'%20stroke='white'%20stroke-width='1.6'"
      + "%20stroke-linecap='round'/%3E%3C/svg%3E"
  }
}
