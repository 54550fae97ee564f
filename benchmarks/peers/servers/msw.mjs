// A server from request handlers of MSW: node msw.mjs INSTALLED PORT PATH FILE
// INSTALLED has the node_modules, PATH is that of the conversations, FILE has them in list order.

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [installed, port, path, file] = process.argv.slice(2)
const require = createRequire(join(installed, 'package.json'))
const { http, HttpResponse } = require('msw')
const { createServer } = require('@mswjs/http-middleware')

const listed = JSON.parse(readFileSync(file, 'utf8'))
const byId = new Map(listed.map((each) => [each.id, each]))

createServer(
  http.get(`${path}/:id`, ({ params }) => {
    const found = byId.get(params.id)
    return found
      ? HttpResponse.json(found)
      : HttpResponse.json({ error: 'unknown conversation' }, { status: 404 })
  }),
  http.get(path, ({ request }) => {
    const limit = Number(new URL(request.url).searchParams.get('limit') ?? 10)
    return HttpResponse.json({ has_more: listed.length > limit, data: listed.slice(0, limit) })
  }),
  http.post(path, async ({ request }) => {
    const form = new URLSearchParams(await request.text())
    const created = {
      id: randomUUID(),
      contact_id: form.get('contact_id'),
      group_id: form.get('group_id'),
      pinned_message_id: null,
      is_pinned: false,
      is_muted: false,
      last_active_at: null,
      last_opened_at: null,
      created_at: Math.floor(Date.now() / 1000),
      archived_at: null,
    }
    byId.set(created.id, created)
    listed.push(created)
    return HttpResponse.json(created, { status: 201 })
  }),
).listen(Number(port), '127.0.0.1')
