// check.mjs - what kustomize made, judged without a cluster.
//
//   node check.mjs MANIFESTS.yaml FILROUGE.yaml WORK-DIRECTORY [UPSTREAMS]
//
// 1. Each object against the types of its kind (tsc --strict: an unknown field is an error) and against its schema.
// 2. What the types cannot know: one writer, restricted pods, names that lead somewhere, ways that are open.
// UPSTREAMS holds lines "service upstream" as running services told them; without it the arrows in the manifests are
// only compared with those in the configuration.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [manifestsFile, configFile, work, upstreamsFile] = process.argv.slice(2);
const require = createRequire(path.join(work, "package.json"));
const YAML = require("yaml");
const complaints = [];
const complain = (where, what) => complaints.push(`${where}: ${what}`);

const objects = YAML.parseAllDocuments(readFileSync(manifestsFile, "utf8"), { strict: true, uniqueKeys: true }).map((document) => document.toJS());
const nameOf = (object) => `${object.kind}/${object.metadata.name}`;
const ofKind = (kind) => objects.filter((object) => object.kind === kind);

// ---- 1. types and schemas ----

async function checkTypes() {
    const lines = objects.map((object, i) => `import type { I${object.kind} as T${i} } from "kubernetes-models/${object.apiVersion}";`);
    objects.forEach((object, i) => lines.push(`export const o${i}: T${i} = /* ${nameOf(object)} */ ${JSON.stringify(object, null, 1)};`));
    writeFileSync(path.join(work, "manifests.ts"), lines.join("\n") + "\n");
    const tsc = spawnSync(
        process.execPath,
        [path.join(work, "node_modules/typescript/bin/tsc"), "--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "manifests.ts"],
        { cwd: work, encoding: "utf8" },
    );
    if (tsc.status !== 0) complain("types", tsc.stdout.trim() || `tsc ended with ${tsc.status ?? tsc.signal}`);
    for (const object of objects) {
        const Model = (await import(path.join(work, "node_modules/kubernetes-models", object.apiVersion, "index.js")))[object.kind];
        try {
            new Model(object).validate();
        } catch (error) {
            complain(nameOf(object), error.message);
        }
    }
}

// ---- 2. what an operator relies on ----

const podsOf = () => [...ofKind("StatefulSet"), ...ofKind("Deployment")];

function checkPod(owner) {
    const where = nameOf(owner);
    const pod = owner.spec.template.spec;
    const expect = (good, what) => good || complain(where, what);

    expect(pod.automountServiceAccountToken === false, "its pods get a service account's token");
    expect(pod.securityContext?.runAsNonRoot === true && pod.securityContext?.runAsUser === 65532, "its pods may run as root");
    expect(pod.securityContext?.seccompProfile?.type === "RuntimeDefault", "its pods have no seccomp profile");
    for (const container of pod.containers) {
        const security = container.securityContext ?? {};
        expect(security.readOnlyRootFilesystem === true, `${container.name} may write to its root`);
        expect(security.allowPrivilegeEscalation === false, `${container.name} may gain privileges`);
        expect(JSON.stringify(security.capabilities) === '{"drop":["ALL"]}', `${container.name} keeps capabilities`);
        expect(container.resources?.requests?.memory && container.resources?.requests?.cpu && container.resources?.limits?.memory, `${container.name} says not what it needs`);
    }
    for (const volume of pod.volumes ?? []) {
        if (volume.secret) expect(ofKind("Secret").some((secret) => secret.metadata.name === volume.secret.secretName), `there is no Secret ${volume.secret.secretName}`);
        if (volume.configMap) expect(ofKind("ConfigMap").some((map) => map.metadata.name === volume.configMap.name), `there is no ConfigMap ${volume.configMap.name}`);
    }
    for (const [key, value] of Object.entries(owner.spec.selector.matchLabels))
        expect(owner.spec.template.metadata.labels[key] === value, `its selector ${key}=${value} is not on its pods`);
}

function checkStage(set) {
    const where = nameOf(set);
    const expect = (good, what) => good || complain(where, what);
    const container = set.spec.template.spec.containers[0];
    const component = set.spec.template.metadata.labels["app.kubernetes.io/component"];
    const secrets = set.spec.template.spec.volumes.filter((volume) => volume.secret).map((volume) => volume.secret.secretName);

    expect(set.spec.replicas === 1, `it has ${set.spec.replicas} replicas: a stage is the only writer of its journal`);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) expect(container[probe]?.httpGet, `it has no ${probe}`);
    expect(set.spec.template.spec.terminationGracePeriodSeconds >= 30, "it is killed while it drains");
    expect(set.spec.volumeClaimTemplates?.[0]?.metadata.name === "state", "it has no volume of its own");
    expect(ofKind("Service").some((service) => service.metadata.name === set.spec.serviceName && service.spec.clusterIP === "None"), `there is no headless Service ${set.spec.serviceName}`);
    expect(ofKind("PodDisruptionBudget").some((budget) => budget.spec.selector.matchLabels["app.kubernetes.io/component"] === component), "no PodDisruptionBudget speaks of it");
    expect(secrets.filter((name) => name.startsWith("filrouge-key-")).length === 1, `it sees the keys of others: ${secrets}`);
}

function checkServices() {
    for (const service of ofKind("Service")) {
        const chosen = podsOf().filter((owner) => Object.entries(service.spec.selector).every(([key, value]) => owner.spec.template.metadata.labels[key] === value));
        if (chosen.length !== 1) complain(nameOf(service), `it leads to ${chosen.length} kinds of pods: ${chosen.map(nameOf)}`);
        for (const port of service.spec.ports)
            if (!chosen.every((owner) => owner.spec.template.spec.containers[0].ports?.some((own) => own.name === port.targetPort))) complain(nameOf(service), `nobody has a port ${port.targetPort}`);
    }
    for (const ingress of ofKind("Ingress"))
        for (const rule of ingress.spec.rules)
            for (const way of rule.http.paths)
                if (!ofKind("Service").some((service) => service.metadata.name === way.backend.service.name)) complain(nameOf(ingress), `there is no Service ${way.backend.service.name}`);
}

// ---- the arrows: in the policies (both ends), in the configuration, and in life ----

const componentsOf = (side) => (side ?? []).filter((rule) => rule.ports?.some((port) => port.port === "link")).flatMap((rule) => rule.from ?? rule.to).flatMap((peer) => peer.podSelector?.matchExpressions?.[0]?.values ?? []);

function arrowsOfPolicies() {
    const out = new Set();
    const into = new Set();
    for (const policy of ofKind("NetworkPolicy")) {
        const component = policy.spec.podSelector?.matchLabels?.["app.kubernetes.io/component"];
        if (!component) continue;
        componentsOf(policy.spec.egress).forEach((upstream) => out.add(`${component} ${upstream}`));
        componentsOf(policy.spec.ingress).forEach((reader) => into.add(`${reader} ${component}`));
    }
    compare("NetworkPolicies, going out and coming in", out, into);
    return out;
}

function arrowsOfConfiguration() {
    const config = YAML.parse(readFileSync(configFile, "utf8"));
    const arrows = new Set();
    for (const [service, { endpoint, key }] of Object.entries(config.endpoints)) {
        if (endpoint !== `tcp://filrouge-${service.replaceAll("_", "-")}:7600`) complain("endpoints", `${service} is looked for at ${endpoint}`);
        if (config[service].stage.public_key !== key) complain("endpoints", `${service} has another key than the one it is known by`);
        for (const peer of config[service].stage.peers) arrows.add(`${peer.name.replace(/^desk\..*/, "desk")} ${service}`);
    }
    return arrows;
}

function compare(what, left, right) {
    const only = (a, b) => [...a].filter((arrow) => !b.has(arrow));
    const differ = [...only(left, right).map((arrow) => `${arrow} (first only)`), ...only(right, left).map((arrow) => `${arrow} (second only)`)];
    if (differ.length > 0) complain(what, `they differ: ${differ.join(", ")}`);
}

// Somebody must deny what nobody allows.
function checkDeny() {
    const deny = ofKind("NetworkPolicy").find((policy) => JSON.stringify(policy.spec.podSelector) === "{}" && !policy.spec.ingress && !policy.spec.egress);
    if (!deny || deny.spec.policyTypes.length !== 2) complain("NetworkPolicies", "nothing is denied by default");
    const [namespace] = ofKind("Namespace");
    if (namespace?.metadata.labels["pod-security.kubernetes.io/enforce"] !== "restricted") complain("Namespace", "it does not enforce the restricted profile");
    if (objects.some((object) => object.kind !== "Namespace" && object.metadata.namespace !== namespace?.metadata.name)) complain("Namespace", "something stands outside of it");
}

await checkTypes();
podsOf().forEach(checkPod);
ofKind("StatefulSet").forEach(checkStage);
checkServices();
checkDeny();
const arrows = arrowsOfPolicies();
compare("NetworkPolicies and configuration", arrows, arrowsOfConfiguration());
if (upstreamsFile) {
    const here = new Set(ofKind("StatefulSet").map((set) => set.spec.template.metadata.labels["app.kubernetes.io/component"]));
    const read = readFileSync(upstreamsFile, "utf8").trim().split("\n").filter((arrow) => arrow.split(" ").every((end) => here.has(end)));
    compare("NetworkPolicies and what services read", arrows, new Set(read));
}

complaints.forEach((complaint) => console.error(complaint));
if (complaints.length === 0) console.log(`${objects.length} objects, ${ofKind("StatefulSet").length} stages, ${arrows.size} arrows`);
process.exit(complaints.length === 0 ? 0 : 1);
