// pods.mjs - the pod templates of an overlay as podman can play them.
//
//   node pods.mjs MANIFESTS.yaml WORK-DIRECTORY IMAGE >PLAYABLE.yaml
//
// podman kube play (4.3) knows no StatefulSet, Service, PodDisruptionBudget or NetworkPolicy, and its Secrets do not work.
// So each StatefulSet becomes a Deployment with its claims beside it, secrets become ConfigMaps, and what the kubelet and
// the Services do is done here: $(NAME) in arguments, the port behind NAME:PORT.  All else in a template stays as it is.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [manifestsFile, work, image] = process.argv.slice(2);
const YAML = createRequire(path.join(work, "package.json"))("yaml");
const objects = YAML.parseAllDocuments(readFileSync(manifestsFile, "utf8")).map((document) => document.toJS());
const ofKind = (...kinds) => objects.filter((object) => kinds.includes(object.kind));
const decoded = (data) => Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
const playable = [];

for (const { metadata, data } of ofKind("ConfigMap")) playable.push({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: metadata.name }, data });
for (const { metadata, data } of ofKind("Secret")) playable.push({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: metadata.name }, data: decoded(data) });

function valueOf({ value, valueFrom }, template) {
    if (value !== undefined) return value;
    if (valueFrom.fieldRef) return template.metadata.labels[valueFrom.fieldRef.fieldPath.match(/^metadata\.labels\['(.*)'\]$/)[1]];
    return decoded(ofKind("Secret").find(({ metadata }) => metadata.name === valueFrom.secretKeyRef.name).data)[valueFrom.secretKeyRef.key];
}

function behind(service, port) {
    const { selector, ports } = service.spec;
    const owner = ofKind("StatefulSet", "Deployment").find(({ spec }) => Object.entries(selector).every(([key, value]) => spec.template.metadata.labels[key] === value));
    const { targetPort } = ports.find((own) => own.port === port);
    return `${owner.metadata.name}:${owner.spec.template.spec.containers[0].ports.find((own) => own.name === targetPort).containerPort}`;
}

function argument(text, template, container) {
    const env = Object.fromEntries((container.env ?? []).map((entry) => [entry.name, valueOf(entry, template)]));
    const service = ofKind("Service").find(({ metadata, spec }) => spec.ports.some(({ port }) => text === `${metadata.name}:${port}`));
    return service ? behind(service, Number(text.split(":")[1])) : text.replace(/\$\((\w+)\)/g, (_, name) => env[name]);
}

for (const owner of ofKind("StatefulSet", "Deployment")) {
    const { template, selector, volumeClaimTemplates = [] } = structuredClone(owner.spec);
    for (const volume of template.spec.volumes ?? [])
        if (volume.secret) {
            volume.configMap = { name: volume.secret.secretName };
            delete volume.secret;
        }
    for (const claim of volumeClaimTemplates) {
        const name = `${claim.metadata.name}-${owner.metadata.name}-0`;
        const annotations = { "volume.podman.io/uid": "65532", "volume.podman.io/gid": "65532" };
        playable.push({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name, annotations }, spec: claim.spec });
        template.spec.volumes.push({ name: claim.metadata.name, persistentVolumeClaim: { claimName: name } });
    }
    for (const container of template.spec.containers) {
        container.image = image;
        container.args = container.args.map((text) => argument(text, template, container));
        for (const entry of container.env ?? []) (entry.value = valueOf(entry, template)), delete entry.valueFrom;
        delete container.ports; // podman would publish them on the host, all pods' the same
    }
    playable.push({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: owner.metadata.name }, spec: { replicas: 1, selector, template } });
}
process.stdout.write(playable.map((object) => YAML.stringify(object, { aliasDuplicateObjects: false })).join("---\n"));
