// SPDX-License-Identifier: Apache-2.0
// Drives the public client as its users do: administer.js <URL> <user:password> <.sar> <.aar> <.ara>; prints what it saw.
"use strict";
const fs = require("fs");
const { ZosConnect } = require("@zosconnect/zosconnect-node");

async function failure(promise) {
  return promise.then(() => null, (error) => error.response && error.response.statusCode);
}

async function main(url, auth, sar, aar, ara) {
  const server = new ZosConnect(url, { auth });
  const seen = {};
  const archive = (file) => fs.readFileSync(file);

  seen.service = (await server.createService(archive(sar))).getName();
  seen.api = (await server.createApi(archive(aar))).getApiName();
  const created = await server.createApiRequester(archive(ara));
  seen.requester = created.getName();
  seen.again = await failure(server.createApi(archive(aar)));

  seen.services = (await server.getServices()).map((each) => each.getName());
  seen.apis = (await server.getApis()).map((each) => each.getApiName());
  seen.requesters = (await server.getApiRequesters()).map((each) => [each.getName(), each.getConnection(), each.getStatus()]);

  const service = await server.getService(seen.service);
  seen.invoke = await service.getServiceInvokeUrl();
  const api = await server.getApi(seen.api);
  seen.url = await api.getApiUrl();
  seen.calls = await api.getServices();
  seen.document = JSON.parse(await api.getDocumentation("swagger")).basePath;
  seen.deleteStarted = await failure(api.delete());

  await api.stop();
  seen.stopped = await api.getStatus();
  await api.start();
  seen.started = await api.getStatus();
  await api.update(archive(aar));
  seen.updated = await api.getStatus();
  await service.update(archive(sar));
  seen.serviceUpdated = await service.getStatus();
  // Of the object that creating gave, whose later requests carry the archive along.
  await created.stop();
  seen.requesterStopped = created.getStatus();
  const requester = await server.getApiRequester(seen.requester);
  await requester.update(archive(ara));
  seen.requesterUpdated = requester.getStatus();

  for (const each of [api, service, requester]) {
    await each.stop();
    await each.delete();
  }
  seen.left = [(await server.getServices()).length, (await server.getApis()).length, (await server.getApiRequesters()).length];
  seen.gone = await failure(server.getApi(seen.api));
  console.log(JSON.stringify(seen));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
