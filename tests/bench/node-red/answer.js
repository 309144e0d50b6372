// The function of the flow: its first output answers the webhook, its second asks for the reply.
const { createHmac, timingSafeEqual } = global.get('crypto');
const body = msg.payload; // as it came: the node before does not parse it
const answer = (status, ok) => ({ req: msg.req, res: msg.res, statusCode: status, payload: ok,
  headers: { 'content-type': 'application/json' } });

const stamp = msg.req.headers['x-front-request-timestamp'] ?? '';
const mac = createHmac('sha256', env.get('KEY')).update(stamp + ':').update(body).digest();
const given = Buffer.from(msg.req.headers['x-front-signature'] ?? '', 'base64');
if (!(Math.abs(Date.now() - Number(stamp)) < 300e3) || given.length !== mac.length || !timingSafeEqual(given, mac))
  return [answer(401, '{"ok":false}'), null];

const { type, emitted_at, conversation } = JSON.parse(body).payload;
if (type !== 'inbound' || !(Math.abs(emitted_at - conversation.created_at) <= 600))
  return [answer(200, '{"ok":true}'), null];

const name = conversation.recipient.name;
const reply = `Hello${name ? ' ' + name : ''},

Thank you for writing to Acme Dry Goods. Your message has arrived, and one of us will answer it as soon as possible.

If it is urgent, please call us: +1 555 0100

Kind regards
Acme Dry Goods
`;
return [answer(200, '{"ok":true}'), {
  method: 'POST',
  url: `${env.get('API')}/conversations/${conversation.id}/messages`,
  headers: { authorization: 'Bearer bench-token', 'content-type': 'application/json' },
  payload: JSON.stringify({ body: reply, options: { archive: false } }),
}];
