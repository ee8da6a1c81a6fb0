// An SMB client from npm meets the sixth session of a machine that runs XP Home.
//   npm install @awo00/smb2 && LAB=./lab node --openssl-legacy-provider --test
// It speaks NTLMv1: it needs MD4 of OpenSSL, and a front without accounts, or with dir.
const assert = require("node:assert/strict");
const { once } = require("node:events");
const { spawn } = require("node:child_process");
const readline = require("node:readline");
const { after, before, test } = require("node:test");
const { Client } = require("@awo00/smb2").default;

let api, lab;
before(async () => {
  lab = spawn(process.env.LAB ?? "lab", ["-listen", "127.0.0.1:0", "-exit-with-stdin"], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(readline.createInterface(lab.stdout), "line");
  ({ api } = JSON.parse(line));
});
after(() => lab.stdin.end());

async function call(method, path, body) {
  const answer = await fetch(api + path, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

test("the session over the limit is refused", async () => {
  const host = await call("POST", "/api/hosts", { name: "box", windows: "XP Home SP2", fronts: [{ kind: "smb" }] });
  const port = Number(host.fronts[0].listen.split(":")[1]);
  await call("PATCH", "/api/hosts/box/services/smb", { hold: 5 });
  const logOn = async () => {
    const client = new Client("127.0.0.1", { port });
    await client.authenticate({ domain: "", username: "alice", password: "" }).catch(async (err) => { await client.close(); throw err; });
    return client;
  };
  await assert.rejects(logOn, (err) => err.header.status >>> 0 === 0xc00000d0);
  await call("PATCH", "/api/hosts/box/services/smb", { hold: 0 });
  const client = await logOn();
  await call("GET", "/api/hosts/box/services/smb?held=1&refused=1");
  await client.close();
  await call("GET", "/api/hosts/box/services/smb?held=0");
});
