// A whole agency's client in one file, for those who write their own. README.md: what it does, and what it leaves out.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as jose from 'jose'

const options = { home: { type: 'string' }, url: { type: 'string' }, root: { type: 'string' } }
const { values: { home, url, root: trust }, positionals } = parseArgs({ options, allowPositionals: true })
const [encode, decode] = [text => new TextEncoder().encode(text), bytes => new TextDecoder().decode(bytes)]
const [read, show] = [path => JSON.parse(readFileSync(path, 'utf8')), value => console.log(JSON.stringify(value))]
const sha256 = bytes => createHash('sha256').update(bytes).digest('base64url')
const check = (holds, otherwise) => { if (!holds) throw new Error(otherwise) }
const [root, { agency }, [command, operand]] = [read(trust), read(`${home}/agency.json`), positionals]
// Keys. Their name (kid) is the RFC 7638 thumbprint; the algorithm is the key's own, never what a header asks for.
const [SEAL, TYPED] = ['ECDH-ES+A256KW', { 'content-type': 'application/json' }]
const ONLY = { keyManagementAlgorithms: [SEAL], contentEncryptionAlgorithms: ['A256GCM'] }
const named = async (jwk, alg = { Ed25519: 'Ed25519', 'P-256': 'ES256', X25519: SEAL }[jwk.crv]) =>
  ({ jwk, alg, kid: await jose.calculateJwkThumbprint(jwk), key: await jose.importJWK(jwk, alg) })
const [signKey, readKey] = [await named(read(`${home}/sign.jwk`)), await named(read(`${home}/read.jwk`), SEAL)]
const gateways = await Promise.all(root.hub.gateway.map(jwk => named(jwk)))
const protect = typ => ({ alg: signKey.alg, kid: signKey.kid, typ })
// HTTP. The access token is one that this agency signs itself, for this exchange and a few minutes.
async function get(path, iat = Math.floor(Date.now() / 1000)) {
  const claims = encode(JSON.stringify({ iss: agency, aud: url, iat, exp: iat + 240 }))
  const token = await new jose.CompactSign(claims).setProtectedHeader(protect('hifadhi-access+jwt')).sign(signKey.key)
  return fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
}
// Else a problem document: what, where, why, how to mend.
const answer = async response => response.ok ? response.json() : check(false, await response.text())
// The directory: statements from root.json on, in the ledger's order, each signed by keys that those before it let in.
const [keys, roles] = [new Map(), new Map()] // by kid, the revoked too; by agency
const admit = async (owner, use, jwk) => named(jwk).then(key => keys.set(key.kid, { ...key, owner, use }))
const folds = {
  'agency.admitted': said => roles.set(said.agency, said.roles) && admit(said.agency, 'identity', said.identity),
  'agency.removed': said => roles.delete(said.agency),
  'key.added': said => admit(said.agency, said.use, said.key),
  'reading_key.added': said => said.key.crv && admit(said.agency, 'read', said.key),
  'key.revoked': said => { keys.get(said.kid).revoked = true },
}
for (const jwk of root.governance.keys) await admit('GOVERNANCE', 'identity', jwk)
for (let page = { after: -1 }; !page.done;) {
  page = await answer(await get(`/v1/directory?after=${page.after}`))
  for (const row of page.data) await open(row.leaf).then(({ said }) => folds[said.type]?.(said))
}
// A leaf is three lines: format, ruling, envelope (of a lapse: nothing). Whoever stands in `from` has signed the last.
async function open(leaf) {
  const [format, ruling, envelope] = decode(jose.base64url.decode(leaf)).split('\n')
  check(format === 'hifadhi/leaf/1', 'not a leaf of format 1')
  if (!envelope) return { ruling: JSON.parse(ruling) }
  const { payload, signatures } = JSON.parse(envelope)
  const said = JSON.parse(decode(jose.base64url.decode(payload)))
  const use = said.from === 'GOVERNANCE' || /^(reading_)?key\./.test(said.type) ? 'identity' : 'sign'
  const signers = new Set()
  for (const signature of signatures) {
    const { kid, typ } = jose.decodeProtectedHeader(signature)
    const { key, alg, ...known } = keys.get(kid) ?? check(false, `unknown key ${kid}`) // one revoked since stays known
    await jose.flattenedVerify({ payload, ...signature }, key, { algorithms: [alg] })
    if (known.owner === said.from && known.use === use && typ === 'hifadhi-message+jws') signers.add(kid)
  }
  check(signers.size >= (said.from === 'GOVERNANCE' ? root.governance.threshold : 1), `${said.id} is not authentic`)
  return { ruling: JSON.parse(ruling), said }
}
// Parts. The salt: nobody guesses a body by its hash. The padding (Padmé): its length does not tell what it says.
function padme(length, exponent = Math.floor(Math.log2(length))) {
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1)
  return Math.ceil(length / step) * step
}
async function seal(draft, message, part) {
  const inRole = role => [...roles.keys()].filter(id => roles.get(id).includes(role))
  const chosen = { movement: inRole('detection'), statistics: inRole('statistics'), sensitive: draft.sensitive_for }
  const readers = [...new Set([agency, ...(chosen[part] ?? draft.to)])].sort()
  const [schema, salt] = [`${draft.type}.${part}/1`, randomBytes(32).toString('base64url')]
  const bare = { salt, schema, body: draft.bodies[part], pad: '' }
  const [{ length }, floor] = [encode(JSON.stringify(bare)), part === 'sensitive' ? 4096 : 1024]
  const plaintext = encode(JSON.stringify({ ...bare, pad: '0'.repeat(padme(Math.max(length, floor)) - length) }))
  const context = { enc: 'A256GCM', typ: 'hifadhi-part+jwe', message, part, from: agency }
  const jwe = new jose.GeneralEncrypt(plaintext).setProtectedHeader(context)
  for (const reader of [...readers, agency]) { // one more: a single reader's epk jose would put where none may stand
    const newest = [...keys.values()].filter(key => key.owner === reader && key.use === 'read' && !key.revoked).at(-1)
    check(newest && roles.has(reader), `${reader} has no valid reading key`)
    jwe.addRecipient(await jose.importJWK(newest.jwk, SEAL)).setUnprotectedHeader({ alg: SEAL, kid: newest.kid })
  }
  const { recipients, ...shared } = await jwe.encrypt()
  const sealed = JSON.stringify({ ...shared, recipients: recipients.slice(0, -1) })
  const [digest, commitment] = [sha256(sealed), sha256(plaintext)]
  return { sealed, entry: { name: part, schema, suite: SEAL, digest, commitment, readers } }
}
async function unseal(said, entry, sealed) {
  check(sha256(sealed) === entry.digest, 'not the part that the header names')
  const { recipients, ...shared } = JSON.parse(sealed)
  const mine = recipients.find(recipient => recipient.header.kid === readKey.kid)
  const { plaintext, protectedHeader: context } = await jose.flattenedDecrypt({ ...shared, ...mine }, readKey.key, ONLY)
  check(context.message === said.id && context.part === entry.name && context.from === said.from, 'not of this message')
  check(sha256(plaintext) === entry.commitment, 'not the text that the header commits to')
  return [entry.name, JSON.parse(decode(plaintext)).body]
}
// Sending. A number is spent when its message is stored; a message without a signed answer is kept, posted as it is.
// Refused then, it may have been stored before: its ruling decides, or that there is none once none can come any more.
const [counter, kept, cursor] = ['sequence', 'unsent.json', 'cursor'].map(name => `${home}/node-${name}`)
async function send({ bodies = {}, sensitive_for, ...facts }) {
  if (existsSync(kept)) await post(true)
  const id = Date.now().toString(16).padStart(12, '0').replace(/^.{8}/, '$&-') + '-7' + randomUUID().slice(15) // v7
  const sealed = await Promise.all(Object.keys(bodies).map(part => seal({ ...facts, bodies, sensitive_for }, id, part)))
  const [parts, sequence] = [sealed.map(one => one.entry), existsSync(counter) ? read(counter) + 1 : 1]
  const said = { format: 1, id, from: agency, sent_at: new Date().toISOString(), sequence, ...facts, parts }
  const jws = new jose.GeneralSign(encode(JSON.stringify(said))).addSignature(signKey.key)
  const header = await jws.setProtectedHeader(protect('hifadhi-message+jws')).sign()
  const texts = Object.fromEntries(sealed.map(one => [one.entry.name, one.sealed]))
  writeFileSync(kept, JSON.stringify({ header, parts: texts }))
  return post()
}
async function post(again) {
  const [body, payload] = [readFileSync(kept), jose.base64url.decode(read(kept).header.payload)]
  const { id, sequence } = JSON.parse(decode(payload))
  const posted = await fetch(`${url}/v1/messages`, { method: 'POST', body, headers: TYPED })
  const said = await posted.json().catch(() => ({})) // a proxy in between may say anything
  const [token, kind] = posted.ok ? [said.receipt, 'hifadhi-receipt+jws'] : [said.evidence, 'hifadhi-refusal+jws']
  check(token, `kept: ${posted.status} ${said.code}, not signed by the exchange`)
  const { kid, typ } = jose.decodeProtectedHeader(token)
  const signed = await jose.compactVerify(token, gateways.find(one => one.kid === kid)?.key)
  const { digest, hub } = JSON.parse(decode(signed.payload))
  check(typ === kind && hub === root.origin && digest === sha256(payload), 'an answer to something else')
  const stored = posted.ok || (again && await ruled(id, Date.now() + (root.max_delay_s + 60) * 1000))
  if (stored) writeFileSync(counter, String(sequence)) // else its number is free
  rmSync(kept); check(stored, JSON.stringify(said)) // a problem document
  return ruled(id)
}
async function ruled(id, until = Infinity) { // 404 is "not sealed yet", and after `until` in no leaf of the ledger
  const [late, note] = [Date.now() > until, await (await fetch(`${url}/ledger/checkpoint`)).text()]
  const found = await get(`/v1/messages/${id}?wait=5`)
  if (found.status !== 404) return answer(found)
  return late && (await found.json()).followed >= +note.split('\n')[1] ? undefined : ruled(id, until)
}
// The inbox, from where it was read to. A request is confirmed by itself, before the cursor moves on.
async function inbox() {
  const page = await answer(await get(`/v1/inbox?after=${existsSync(cursor) ? read(cursor) : -1}&limit=50&wait=5`))
  for (const { index, role, leaf, parts } of page.data) {
    const { ruling, said } = await open(leaf)
    const ours = said?.parts?.filter(({ name }) => name in parts) ?? []
    const bodies = await Promise.all(ours.map(entry => unseal(said, entry, parts[entry.name])))
    show({ index, role, ruling, said, bodies: Object.fromEntries(bodies) })
    if (role === 'addressee' && said?.type === 'referral.requested')
      await send({ type: 'referral.received', to: [said.from], case: said.case, referral: said.id })
    writeFileSync(cursor, String(index))
  }
}
if (command === 'send') show(await send(read(operand)))
if (command === 'case') show(await answer(await get(`/v1/cases/${operand}`)))
if (command === 'inbox') await inbox()
