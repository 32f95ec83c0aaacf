// AWS SDK for JavaScript v2 as a process: JSON lines in, JSON lines out, one answer per call, in order.
// In: {"endpoint", "signed", "operation", "parameters"}. Out: {"result"} or {"error"}: what a caller's code can see.
"use strict";

process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const readline = require("node:readline");
const ApiGatewayManagementApi = require("aws-sdk/clients/apigatewaymanagementapi");

const OPERATIONS = {
  PostToConnection: "postToConnection",
  GetConnection: "getConnection",
  DeleteConnection: "deleteConnection",
};

async function answer({ endpoint, signed, operation, parameters }) {
  const client = new ApiGatewayManagementApi({
    endpoint,
    region: "us-east-1",
    maxRetries: 0,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const call = OPERATIONS[operation];
  try {
    const made = signed ? client.makeRequest(call, parameters) : client.makeUnauthenticatedRequest(call, parameters);
    return { result: await made.promise() };
  } catch (error) {
    return { error: seen(error) };
  }
}

function seen(error) {
  const { code, statusCode, message, retryable } = error;
  return { code, statusCode, message, retryable, name: error.name };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
  }
}

main();
