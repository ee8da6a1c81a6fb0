// Works in the share of a server with @awo00/smb2, and prints "ok" or the status.
const { Client } = require("@awo00/smb2").default;
const [, , port, password] = process.argv;

async function work() {
  const client = new Client("127.0.0.1", { port: Number(port) });
  try {
    const session = await client.authenticate({ domain: "", username: "alice", password });
    const tree = await session.connectTree("share");
    await tree.createFile("awo.txt", "hello");
    await tree.renameFile("awo.txt", "awo2.txt");
    const names = (await tree.readDirectory("/")).map((entry) => entry.filename);
    const text = (await tree.readFile("awo2.txt")).toString();
    await tree.removeFile("awo2.txt");
    await session.logoff();
    return text === "hello" && names.some((name) => name.endsWith("awo2.txt")) ? "ok" : `${text} ${names}`;
  } finally {
    await client.close();
  }
}

work()
  .catch((err) => (err.header ? "0x" + (err.header.status >>> 0).toString(16) : String(err)))
  .then((result) => { console.log(result); process.exit(0); });
