// Works in the share of a server with v9u-smb2, and prints "ok" or the status.
const SMB2 = require("v9u-smb2");
const [, , port, password] = process.argv;

async function work() {
  const client = new SMB2({
    share: "\\\\127.0.0.1\\share", domain: "", username: "alice", password, port: Number(port), autoCloseTimeout: 0,
  });
  try {
    await client.writeFile("v9u.txt", "hello");
    await client.rename("v9u.txt", "v9u2.txt");
    const names = await client.readdir("");
    const text = (await client.readFile("v9u2.txt")).toString();
    await client.unlink("v9u2.txt");
    return text === "hello" && names.includes("v9u2.txt") ? "ok" : `${text} ${names}`;
  } finally {
    client.disconnect();
  }
}

work()
  .catch((err) => err.code || String(err))
  .then((result) => { console.log(result); process.exit(0); });
