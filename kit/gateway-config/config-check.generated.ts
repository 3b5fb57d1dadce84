// @ts-nocheck
// What Ajv makes of config-schema.ts, so that no start has to load Ajv and to compile the schema. After a change there:
// npx vitest run --config tests/vitest.config.ts tests/kit/gateway-config/config-check -u
import { FORMATS } from './formats.ts'
export const validate = validate10;
const schema11 = {"type":"object","additionalProperties":false,"required":["model_mappings"],"properties":{"model_mappings":{"type":"object","propertyNames":{"minLength":1},"additionalProperties":{"type":["string","array"],"minLength":1,"minItems":1,"items":{"type":"string","minLength":1}}},"fallbacks":{"type":"object","propertyNames":{"minLength":1},"additionalProperties":{"type":"array","minItems":1,"items":{"type":"string","minLength":1}}},"providers":{"type":"object","propertyNames":{"pattern":"^[a-z][a-z0-9_-]*$","not":{"enum":["openrouter","gemini","openai","anthropic","echo"]}},"additionalProperties":{"type":"object","additionalProperties":false,"required":["base_url"],"properties":{"base_url":{"type":"string","format":"http-url"},"apis":{"type":"array","minItems":1,"items":{"enum":["chat/completions","completions","embeddings","responses","messages"]}},"api_key_env":{"type":"string","pattern":"^[A-Z][A-Z0-9_]*_API_KEY$"},"key_required":{"type":"boolean"},"key_header":{"enum":["authorization","x-api-key"]},"headers":{"type":"object","propertyNames":{"format":"header-name"},"additionalProperties":{"type":"string","format":"header-value"}}}}},"log":{"type":"object","additionalProperties":false,"properties":{"bodies":{"enum":["full","metadata","none"]},"redact":{"type":"array","items":{"type":["string","object"],"if":{"type":"string"},"then":{"enum":["keys","emails","cards"]},"else":{"type":"object","additionalProperties":false,"required":["name","pattern"],"properties":{"name":{"type":"string","format":"rule-name"},"pattern":{"type":"string","format":"linear-pattern"}}}}},"client_may":{"type":"boolean"},"keys":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false,"properties":{"bodies":{"enum":["full","metadata","none"]},"redact":{"type":"array","items":{"type":["string","object"],"if":{"type":"string"},"then":{"enum":["keys","emails","cards"]},"else":{"type":"object","additionalProperties":false,"required":["name","pattern"],"properties":{"name":{"type":"string","format":"rule-name"},"pattern":{"type":"string","format":"linear-pattern"}}}}}}}},"models":{"type":"object","propertyNames":{"minLength":1},"additionalProperties":{"type":"object","additionalProperties":false,"properties":{"bodies":{"enum":["full","metadata","none"]},"redact":{"type":"array","items":{"type":["string","object"],"if":{"type":"string"},"then":{"enum":["keys","emails","cards"]},"else":{"type":"object","additionalProperties":false,"required":["name","pattern"],"properties":{"name":{"type":"string","format":"rule-name"},"pattern":{"type":"string","format":"linear-pattern"}}}}}}}}}},"provider_options":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false,"properties":{"include_usage":{"type":"boolean"},"pass_headers":{"type":"array","minItems":1,"items":{"type":"string","format":"header-pattern"}},"drop_headers":{"type":"array","minItems":1,"items":{"type":"string","format":"header-pattern"}},"pass_query":{"type":"array","minItems":1,"items":{"type":"string","minLength":1}},"ca":{"type":"string","format":"certificates"},"ca_file":{"type":"string","minLength":1}}}},"limits":{"type":"object","additionalProperties":false,"properties":{"concurrent_requests":{"type":["integer","null"],"minimum":1},"body_mib":{"type":"integer","minimum":1,"maximum":1024},"first_byte_timeout_s":{"type":"number","minimum":0.1,"maximum":86400},"idle_timeout_s":{"type":"number","minimum":0.1,"maximum":86400},"slow_reader_timeout_s":{"type":"number","minimum":0.1,"maximum":86400},"keepalive_s":{"type":"number","minimum":0.1,"maximum":86400},"first_ping_s":{"type":"number","minimum":0.1,"maximum":86400},"per_key":{"type":"object","additionalProperties":false,"properties":{"requests_per_minute":{"type":["integer","null"],"minimum":1},"concurrent_streams":{"type":["integer","null"],"minimum":1},"models":{"type":["array","null"],"minItems":1,"items":{"type":"string","minLength":1}}}},"keys":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false,"properties":{"requests_per_minute":{"type":["integer","null"],"minimum":1},"concurrent_streams":{"type":["integer","null"],"minimum":1},"models":{"type":["array","null"],"minItems":1,"items":{"type":"string","minLength":1}}}}}}}}};
const pattern0 = new RegExp("^[a-z][a-z0-9_-]*$", "u");
const pattern1 = new RegExp("^[A-Z][A-Z0-9_]*_API_KEY$", "u");
const formats0 = FORMATS["http-url"];
const formats2 = FORMATS["header-name"];
const formats4 = FORMATS["header-value"];
const formats6 = FORMATS["rule-name"];
const formats8 = FORMATS["linear-pattern"];
const formats18 = FORMATS["header-pattern"];
const formats22 = FORMATS.certificates;
const func2 = Object.prototype.hasOwnProperty;

function validate10(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.model_mappings === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "model_mappings"},message:"must have required property '"+"model_mappings"+"'",schema:schema11.required,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((((key0 === "model_mappings") || (key0 === "fallbacks")) || (key0 === "providers")) || (key0 === "log")) || (key0 === "provider_options")) || (key0 === "limits"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.model_mappings !== undefined){
let data0 = data.model_mappings;
if(data0 && typeof data0 == "object" && !Array.isArray(data0)){
for(const key1 in data0){
const _errs4 = errors;
if(typeof key1 === "string"){
if(key1.length < 1){
const err2 = {instancePath:instancePath+"/model_mappings",schemaPath:"#/properties/model_mappings/propertyNames/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.model_mappings.propertyNames,data:key1,propertyName:key1};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
var valid1 = _errs4 === errors;
if(!valid1){
const err3 = {instancePath:instancePath+"/model_mappings",schemaPath:"#/properties/model_mappings/propertyNames",keyword:"propertyNames",params:{propertyName: key1},message:"property name must be valid",schema:schema11.properties.model_mappings.propertyNames,parentSchema:schema11.properties.model_mappings,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
for(const key2 in data0){
let data1 = data0[key2];
if((typeof data1 !== "string") && (!(Array.isArray(data1)))){
const err4 = {instancePath:instancePath+"/model_mappings/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/model_mappings/additionalProperties/type",keyword:"type",params:{type: schema11.properties.model_mappings.additionalProperties.type},message:"must be string,array",schema:schema11.properties.model_mappings.additionalProperties.type,parentSchema:schema11.properties.model_mappings.additionalProperties,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(typeof data1 === "string"){
if(data1.length < 1){
const err5 = {instancePath:instancePath+"/model_mappings/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/model_mappings/additionalProperties/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.model_mappings.additionalProperties,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(Array.isArray(data1)){
if(data1.length < 1){
const err6 = {instancePath:instancePath+"/model_mappings/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/model_mappings/additionalProperties/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.model_mappings.additionalProperties,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
const len0 = data1.length;
for(let i0=0; i0<len0; i0++){
let data2 = data1[i0];
if(typeof data2 === "string"){
if(data2.length < 1){
const err7 = {instancePath:instancePath+"/model_mappings/" + key2.replace(/~/g, "~0").replace(/\//g, "~1")+"/" + i0,schemaPath:"#/properties/model_mappings/additionalProperties/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.model_mappings.additionalProperties.items,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
else {
const err8 = {instancePath:instancePath+"/model_mappings/" + key2.replace(/~/g, "~0").replace(/\//g, "~1")+"/" + i0,schemaPath:"#/properties/model_mappings/additionalProperties/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.model_mappings.additionalProperties.items.type,parentSchema:schema11.properties.model_mappings.additionalProperties.items,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
}
}
}
else {
const err9 = {instancePath:instancePath+"/model_mappings",schemaPath:"#/properties/model_mappings/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.model_mappings.type,parentSchema:schema11.properties.model_mappings,data:data0};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.fallbacks !== undefined){
let data3 = data.fallbacks;
if(data3 && typeof data3 == "object" && !Array.isArray(data3)){
for(const key3 in data3){
const _errs12 = errors;
if(typeof key3 === "string"){
if(key3.length < 1){
const err10 = {instancePath:instancePath+"/fallbacks",schemaPath:"#/properties/fallbacks/propertyNames/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.fallbacks.propertyNames,data:key3,propertyName:key3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
var valid5 = _errs12 === errors;
if(!valid5){
const err11 = {instancePath:instancePath+"/fallbacks",schemaPath:"#/properties/fallbacks/propertyNames",keyword:"propertyNames",params:{propertyName: key3},message:"property name must be valid",schema:schema11.properties.fallbacks.propertyNames,parentSchema:schema11.properties.fallbacks,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
for(const key4 in data3){
let data4 = data3[key4];
if(Array.isArray(data4)){
if(data4.length < 1){
const err12 = {instancePath:instancePath+"/fallbacks/" + key4.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/fallbacks/additionalProperties/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.fallbacks.additionalProperties,data:data4};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
const len1 = data4.length;
for(let i1=0; i1<len1; i1++){
let data5 = data4[i1];
if(typeof data5 === "string"){
if(data5.length < 1){
const err13 = {instancePath:instancePath+"/fallbacks/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/" + i1,schemaPath:"#/properties/fallbacks/additionalProperties/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.fallbacks.additionalProperties.items,data:data5};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
else {
const err14 = {instancePath:instancePath+"/fallbacks/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/" + i1,schemaPath:"#/properties/fallbacks/additionalProperties/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.fallbacks.additionalProperties.items.type,parentSchema:schema11.properties.fallbacks.additionalProperties.items,data:data5};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
}
else {
const err15 = {instancePath:instancePath+"/fallbacks/" + key4.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/fallbacks/additionalProperties/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.fallbacks.additionalProperties.type,parentSchema:schema11.properties.fallbacks.additionalProperties,data:data4};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/fallbacks",schemaPath:"#/properties/fallbacks/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.fallbacks.type,parentSchema:schema11.properties.fallbacks,data:data3};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data.providers !== undefined){
let data6 = data.providers;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key5 in data6){
const _errs20 = errors;
const _errs21 = errors;
const _errs22 = errors;
if(!(((((key5 === "openrouter") || (key5 === "gemini")) || (key5 === "openai")) || (key5 === "anthropic")) || (key5 === "echo"))){
const err17 = {};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
var valid10 = _errs22 === errors;
if(valid10){
const err18 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/propertyNames/not",keyword:"not",params:{},message:"must NOT be valid",schema:schema11.properties.providers.propertyNames.not,parentSchema:schema11.properties.providers.propertyNames,data:key5,propertyName:key5};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
else {
errors = _errs21;
if(vErrors !== null){
if(_errs21){
vErrors.length = _errs21;
}
else {
vErrors = null;
}
}
}
if(typeof key5 === "string"){
if(!pattern0.test(key5)){
const err19 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/propertyNames/pattern",keyword:"pattern",params:{pattern: "^[a-z][a-z0-9_-]*$"},message:"must match pattern \""+"^[a-z][a-z0-9_-]*$"+"\"",schema:"^[a-z][a-z0-9_-]*$",parentSchema:schema11.properties.providers.propertyNames,data:key5,propertyName:key5};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
var valid9 = _errs20 === errors;
if(!valid9){
const err20 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/propertyNames",keyword:"propertyNames",params:{propertyName: key5},message:"property name must be valid",schema:schema11.properties.providers.propertyNames,parentSchema:schema11.properties.providers,data:data6};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
for(const key6 in data6){
let data7 = data6[key6];
if(data7 && typeof data7 == "object" && !Array.isArray(data7)){
if(data7.base_url === undefined){
const err21 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/providers/additionalProperties/required",keyword:"required",params:{missingProperty: "base_url"},message:"must have required property '"+"base_url"+"'",schema:schema11.properties.providers.additionalProperties.required,parentSchema:schema11.properties.providers.additionalProperties,data:data7};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
for(const key7 in data7){
if(!((((((key7 === "base_url") || (key7 === "apis")) || (key7 === "api_key_env")) || (key7 === "key_required")) || (key7 === "key_header")) || (key7 === "headers"))){
const err22 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/providers/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key7},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.providers.additionalProperties,data:data7};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
if(data7.base_url !== undefined){
let data8 = data7.base_url;
if(typeof data8 === "string"){
if(!(formats0(data8))){
const err23 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/base_url",schemaPath:"#/properties/providers/additionalProperties/properties/base_url/format",keyword:"format",params:{format: "http-url"},message:"must match format \""+"http-url"+"\"",schema:"http-url",parentSchema:schema11.properties.providers.additionalProperties.properties.base_url,data:data8};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
else {
const err24 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/base_url",schemaPath:"#/properties/providers/additionalProperties/properties/base_url/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.providers.additionalProperties.properties.base_url.type,parentSchema:schema11.properties.providers.additionalProperties.properties.base_url,data:data8};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data7.apis !== undefined){
let data9 = data7.apis;
if(Array.isArray(data9)){
if(data9.length < 1){
const err25 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/apis",schemaPath:"#/properties/providers/additionalProperties/properties/apis/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.providers.additionalProperties.properties.apis,data:data9};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
const len2 = data9.length;
for(let i2=0; i2<len2; i2++){
let data10 = data9[i2];
if(!(((((data10 === "chat/completions") || (data10 === "completions")) || (data10 === "embeddings")) || (data10 === "responses")) || (data10 === "messages"))){
const err26 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/apis/" + i2,schemaPath:"#/properties/providers/additionalProperties/properties/apis/items/enum",keyword:"enum",params:{allowedValues: schema11.properties.providers.additionalProperties.properties.apis.items.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.providers.additionalProperties.properties.apis.items.enum,parentSchema:schema11.properties.providers.additionalProperties.properties.apis.items,data:data10};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
}
else {
const err27 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/apis",schemaPath:"#/properties/providers/additionalProperties/properties/apis/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.providers.additionalProperties.properties.apis.type,parentSchema:schema11.properties.providers.additionalProperties.properties.apis,data:data9};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
if(data7.api_key_env !== undefined){
let data11 = data7.api_key_env;
if(typeof data11 === "string"){
if(!pattern1.test(data11)){
const err28 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/api_key_env",schemaPath:"#/properties/providers/additionalProperties/properties/api_key_env/pattern",keyword:"pattern",params:{pattern: "^[A-Z][A-Z0-9_]*_API_KEY$"},message:"must match pattern \""+"^[A-Z][A-Z0-9_]*_API_KEY$"+"\"",schema:"^[A-Z][A-Z0-9_]*_API_KEY$",parentSchema:schema11.properties.providers.additionalProperties.properties.api_key_env,data:data11};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
else {
const err29 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/api_key_env",schemaPath:"#/properties/providers/additionalProperties/properties/api_key_env/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.providers.additionalProperties.properties.api_key_env.type,parentSchema:schema11.properties.providers.additionalProperties.properties.api_key_env,data:data11};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
}
if(data7.key_required !== undefined){
let data12 = data7.key_required;
if(typeof data12 !== "boolean"){
const err30 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/key_required",schemaPath:"#/properties/providers/additionalProperties/properties/key_required/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema11.properties.providers.additionalProperties.properties.key_required.type,parentSchema:schema11.properties.providers.additionalProperties.properties.key_required,data:data12};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
if(data7.key_header !== undefined){
let data13 = data7.key_header;
if(!((data13 === "authorization") || (data13 === "x-api-key"))){
const err31 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/key_header",schemaPath:"#/properties/providers/additionalProperties/properties/key_header/enum",keyword:"enum",params:{allowedValues: schema11.properties.providers.additionalProperties.properties.key_header.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.providers.additionalProperties.properties.key_header.enum,parentSchema:schema11.properties.providers.additionalProperties.properties.key_header,data:data13};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
}
if(data7.headers !== undefined){
let data14 = data7.headers;
if(data14 && typeof data14 == "object" && !Array.isArray(data14)){
for(const key8 in data14){
const _errs39 = errors;
if(typeof key8 === "string"){
if(!(formats2(key8))){
const err32 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/headers",schemaPath:"#/properties/providers/additionalProperties/properties/headers/propertyNames/format",keyword:"format",params:{format: "header-name"},message:"must match format \""+"header-name"+"\"",schema:"header-name",parentSchema:schema11.properties.providers.additionalProperties.properties.headers.propertyNames,data:key8,propertyName:key8};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
}
}
var valid15 = _errs39 === errors;
if(!valid15){
const err33 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/headers",schemaPath:"#/properties/providers/additionalProperties/properties/headers/propertyNames",keyword:"propertyNames",params:{propertyName: key8},message:"property name must be valid",schema:schema11.properties.providers.additionalProperties.properties.headers.propertyNames,parentSchema:schema11.properties.providers.additionalProperties.properties.headers,data:data14};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
}
for(const key9 in data14){
let data15 = data14[key9];
if(typeof data15 === "string"){
if(!(formats4(data15))){
const err34 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/headers/" + key9.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/providers/additionalProperties/properties/headers/additionalProperties/format",keyword:"format",params:{format: "header-value"},message:"must match format \""+"header-value"+"\"",schema:"header-value",parentSchema:schema11.properties.providers.additionalProperties.properties.headers.additionalProperties,data:data15};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
}
else {
const err35 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/headers/" + key9.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/providers/additionalProperties/properties/headers/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.providers.additionalProperties.properties.headers.additionalProperties.type,parentSchema:schema11.properties.providers.additionalProperties.properties.headers.additionalProperties,data:data15};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
}
}
else {
const err36 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1")+"/headers",schemaPath:"#/properties/providers/additionalProperties/properties/headers/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.providers.additionalProperties.properties.headers.type,parentSchema:schema11.properties.providers.additionalProperties.properties.headers,data:data14};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
}
}
else {
const err37 = {instancePath:instancePath+"/providers/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/providers/additionalProperties/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.providers.additionalProperties.type,parentSchema:schema11.properties.providers.additionalProperties,data:data7};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
}
}
else {
const err38 = {instancePath:instancePath+"/providers",schemaPath:"#/properties/providers/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.providers.type,parentSchema:schema11.properties.providers,data:data6};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
}
if(data.log !== undefined){
let data16 = data.log;
if(data16 && typeof data16 == "object" && !Array.isArray(data16)){
for(const key10 in data16){
if(!(((((key10 === "bodies") || (key10 === "redact")) || (key10 === "client_may")) || (key10 === "keys")) || (key10 === "models"))){
const err39 = {instancePath:instancePath+"/log",schemaPath:"#/properties/log/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key10},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.log,data:data16};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
}
if(data16.bodies !== undefined){
let data17 = data16.bodies;
if(!(((data17 === "full") || (data17 === "metadata")) || (data17 === "none"))){
const err40 = {instancePath:instancePath+"/log/bodies",schemaPath:"#/properties/log/properties/bodies/enum",keyword:"enum",params:{allowedValues: schema11.properties.log.properties.bodies.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.log.properties.bodies.enum,parentSchema:schema11.properties.log.properties.bodies,data:data17};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
}
}
if(data16.redact !== undefined){
let data18 = data16.redact;
if(Array.isArray(data18)){
const len3 = data18.length;
for(let i3=0; i3<len3; i3++){
let data19 = data18[i3];
if((typeof data19 !== "string") && (!(data19 && typeof data19 == "object" && !Array.isArray(data19)))){
const err41 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/type",keyword:"type",params:{type: schema11.properties.log.properties.redact.items.type},message:"must be string,object",schema:schema11.properties.log.properties.redact.items.type,parentSchema:schema11.properties.log.properties.redact.items,data:data19};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
const _errs51 = errors;
let valid20 = true;
const _errs52 = errors;
if(typeof data19 !== "string"){
const err42 = {};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
var _valid0 = _errs52 === errors;
errors = _errs51;
if(vErrors !== null){
if(_errs51){
vErrors.length = _errs51;
}
else {
vErrors = null;
}
}
let ifClause0;
if(_valid0){
const _errs54 = errors;
if(!(((data19 === "keys") || (data19 === "emails")) || (data19 === "cards"))){
const err43 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/then/enum",keyword:"enum",params:{allowedValues: schema11.properties.log.properties.redact.items.then.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.log.properties.redact.items.then.enum,parentSchema:schema11.properties.log.properties.redact.items.then,data:data19};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
var _valid0 = _errs54 === errors;
valid20 = _valid0;
ifClause0 = "then";
}
else {
const _errs55 = errors;
if(data19 && typeof data19 == "object" && !Array.isArray(data19)){
if(data19.name === undefined){
const err44 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/else/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'",schema:schema11.properties.log.properties.redact.items.else.required,parentSchema:schema11.properties.log.properties.redact.items.else,data:data19};
if(vErrors === null){
vErrors = [err44];
}
else {
vErrors.push(err44);
}
errors++;
}
if(data19.pattern === undefined){
const err45 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/else/required",keyword:"required",params:{missingProperty: "pattern"},message:"must have required property '"+"pattern"+"'",schema:schema11.properties.log.properties.redact.items.else.required,parentSchema:schema11.properties.log.properties.redact.items.else,data:data19};
if(vErrors === null){
vErrors = [err45];
}
else {
vErrors.push(err45);
}
errors++;
}
for(const key11 in data19){
if(!((key11 === "name") || (key11 === "pattern"))){
const err46 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/else/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key11},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.log.properties.redact.items.else,data:data19};
if(vErrors === null){
vErrors = [err46];
}
else {
vErrors.push(err46);
}
errors++;
}
}
if(data19.name !== undefined){
let data20 = data19.name;
if(typeof data20 === "string"){
if(!(formats6(data20))){
const err47 = {instancePath:instancePath+"/log/redact/" + i3+"/name",schemaPath:"#/properties/log/properties/redact/items/else/properties/name/format",keyword:"format",params:{format: "rule-name"},message:"must match format \""+"rule-name"+"\"",schema:"rule-name",parentSchema:schema11.properties.log.properties.redact.items.else.properties.name,data:data20};
if(vErrors === null){
vErrors = [err47];
}
else {
vErrors.push(err47);
}
errors++;
}
}
else {
const err48 = {instancePath:instancePath+"/log/redact/" + i3+"/name",schemaPath:"#/properties/log/properties/redact/items/else/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.log.properties.redact.items.else.properties.name.type,parentSchema:schema11.properties.log.properties.redact.items.else.properties.name,data:data20};
if(vErrors === null){
vErrors = [err48];
}
else {
vErrors.push(err48);
}
errors++;
}
}
if(data19.pattern !== undefined){
let data21 = data19.pattern;
if(typeof data21 === "string"){
if(!(formats8(data21))){
const err49 = {instancePath:instancePath+"/log/redact/" + i3+"/pattern",schemaPath:"#/properties/log/properties/redact/items/else/properties/pattern/format",keyword:"format",params:{format: "linear-pattern"},message:"must match format \""+"linear-pattern"+"\"",schema:"linear-pattern",parentSchema:schema11.properties.log.properties.redact.items.else.properties.pattern,data:data21};
if(vErrors === null){
vErrors = [err49];
}
else {
vErrors.push(err49);
}
errors++;
}
}
else {
const err50 = {instancePath:instancePath+"/log/redact/" + i3+"/pattern",schemaPath:"#/properties/log/properties/redact/items/else/properties/pattern/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.log.properties.redact.items.else.properties.pattern.type,parentSchema:schema11.properties.log.properties.redact.items.else.properties.pattern,data:data21};
if(vErrors === null){
vErrors = [err50];
}
else {
vErrors.push(err50);
}
errors++;
}
}
}
else {
const err51 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/else/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.redact.items.else.type,parentSchema:schema11.properties.log.properties.redact.items.else,data:data19};
if(vErrors === null){
vErrors = [err51];
}
else {
vErrors.push(err51);
}
errors++;
}
var _valid0 = _errs55 === errors;
valid20 = _valid0;
ifClause0 = "else";
}
if(!valid20){
const err52 = {instancePath:instancePath+"/log/redact/" + i3,schemaPath:"#/properties/log/properties/redact/items/if",keyword:"if",params:{failingKeyword: ifClause0},message:"must match \""+ifClause0+"\" schema",schema:schema11.properties.log.properties.redact.items.if,parentSchema:schema11.properties.log.properties.redact.items,data:data19};
if(vErrors === null){
vErrors = [err52];
}
else {
vErrors.push(err52);
}
errors++;
}
}
}
else {
const err53 = {instancePath:instancePath+"/log/redact",schemaPath:"#/properties/log/properties/redact/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.log.properties.redact.type,parentSchema:schema11.properties.log.properties.redact,data:data18};
if(vErrors === null){
vErrors = [err53];
}
else {
vErrors.push(err53);
}
errors++;
}
}
if(data16.client_may !== undefined){
let data22 = data16.client_may;
if(typeof data22 !== "boolean"){
const err54 = {instancePath:instancePath+"/log/client_may",schemaPath:"#/properties/log/properties/client_may/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema11.properties.log.properties.client_may.type,parentSchema:schema11.properties.log.properties.client_may,data:data22};
if(vErrors === null){
vErrors = [err54];
}
else {
vErrors.push(err54);
}
errors++;
}
}
if(data16.keys !== undefined){
let data23 = data16.keys;
if(data23 && typeof data23 == "object" && !Array.isArray(data23)){
for(const key12 in data23){
let data24 = data23[key12];
if(data24 && typeof data24 == "object" && !Array.isArray(data24)){
for(const key13 in data24){
if(!((key13 === "bodies") || (key13 === "redact"))){
const err55 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/log/properties/keys/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key13},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.log.properties.keys.additionalProperties,data:data24};
if(vErrors === null){
vErrors = [err55];
}
else {
vErrors.push(err55);
}
errors++;
}
}
if(data24.bodies !== undefined){
let data25 = data24.bodies;
if(!(((data25 === "full") || (data25 === "metadata")) || (data25 === "none"))){
const err56 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/bodies",schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/bodies/enum",keyword:"enum",params:{allowedValues: schema11.properties.log.properties.keys.additionalProperties.properties.bodies.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.log.properties.keys.additionalProperties.properties.bodies.enum,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.bodies,data:data25};
if(vErrors === null){
vErrors = [err56];
}
else {
vErrors.push(err56);
}
errors++;
}
}
if(data24.redact !== undefined){
let data26 = data24.redact;
if(Array.isArray(data26)){
const len4 = data26.length;
for(let i4=0; i4<len4; i4++){
let data27 = data26[i4];
if((typeof data27 !== "string") && (!(data27 && typeof data27 == "object" && !Array.isArray(data27)))){
const err57 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/type",keyword:"type",params:{type: schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.type},message:"must be string,object",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.type,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items,data:data27};
if(vErrors === null){
vErrors = [err57];
}
else {
vErrors.push(err57);
}
errors++;
}
const _errs75 = errors;
let valid26 = true;
const _errs76 = errors;
if(typeof data27 !== "string"){
const err58 = {};
if(vErrors === null){
vErrors = [err58];
}
else {
vErrors.push(err58);
}
errors++;
}
var _valid1 = _errs76 === errors;
errors = _errs75;
if(vErrors !== null){
if(_errs75){
vErrors.length = _errs75;
}
else {
vErrors = null;
}
}
let ifClause1;
if(_valid1){
const _errs78 = errors;
if(!(((data27 === "keys") || (data27 === "emails")) || (data27 === "cards"))){
const err59 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/then/enum",keyword:"enum",params:{allowedValues: schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.then.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.then.enum,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.then,data:data27};
if(vErrors === null){
vErrors = [err59];
}
else {
vErrors.push(err59);
}
errors++;
}
var _valid1 = _errs78 === errors;
valid26 = _valid1;
ifClause1 = "then";
}
else {
const _errs79 = errors;
if(data27 && typeof data27 == "object" && !Array.isArray(data27)){
if(data27.name === undefined){
const err60 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.required,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else,data:data27};
if(vErrors === null){
vErrors = [err60];
}
else {
vErrors.push(err60);
}
errors++;
}
if(data27.pattern === undefined){
const err61 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/required",keyword:"required",params:{missingProperty: "pattern"},message:"must have required property '"+"pattern"+"'",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.required,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else,data:data27};
if(vErrors === null){
vErrors = [err61];
}
else {
vErrors.push(err61);
}
errors++;
}
for(const key14 in data27){
if(!((key14 === "name") || (key14 === "pattern"))){
const err62 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key14},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else,data:data27};
if(vErrors === null){
vErrors = [err62];
}
else {
vErrors.push(err62);
}
errors++;
}
}
if(data27.name !== undefined){
let data28 = data27.name;
if(typeof data28 === "string"){
if(!(formats6(data28))){
const err63 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4+"/name",schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/properties/name/format",keyword:"format",params:{format: "rule-name"},message:"must match format \""+"rule-name"+"\"",schema:"rule-name",parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.properties.name,data:data28};
if(vErrors === null){
vErrors = [err63];
}
else {
vErrors.push(err63);
}
errors++;
}
}
else {
const err64 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4+"/name",schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.properties.name.type,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.properties.name,data:data28};
if(vErrors === null){
vErrors = [err64];
}
else {
vErrors.push(err64);
}
errors++;
}
}
if(data27.pattern !== undefined){
let data29 = data27.pattern;
if(typeof data29 === "string"){
if(!(formats8(data29))){
const err65 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4+"/pattern",schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/properties/pattern/format",keyword:"format",params:{format: "linear-pattern"},message:"must match format \""+"linear-pattern"+"\"",schema:"linear-pattern",parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.properties.pattern,data:data29};
if(vErrors === null){
vErrors = [err65];
}
else {
vErrors.push(err65);
}
errors++;
}
}
else {
const err66 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4+"/pattern",schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/properties/pattern/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.properties.pattern.type,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.properties.pattern,data:data29};
if(vErrors === null){
vErrors = [err66];
}
else {
vErrors.push(err66);
}
errors++;
}
}
}
else {
const err67 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/else/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else.type,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.else,data:data27};
if(vErrors === null){
vErrors = [err67];
}
else {
vErrors.push(err67);
}
errors++;
}
var _valid1 = _errs79 === errors;
valid26 = _valid1;
ifClause1 = "else";
}
if(!valid26){
const err68 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i4,schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/items/if",keyword:"if",params:{failingKeyword: ifClause1},message:"must match \""+ifClause1+"\" schema",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items.if,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.items,data:data27};
if(vErrors === null){
vErrors = [err68];
}
else {
vErrors.push(err68);
}
errors++;
}
}
}
else {
const err69 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact",schemaPath:"#/properties/log/properties/keys/additionalProperties/properties/redact/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.log.properties.keys.additionalProperties.properties.redact.type,parentSchema:schema11.properties.log.properties.keys.additionalProperties.properties.redact,data:data26};
if(vErrors === null){
vErrors = [err69];
}
else {
vErrors.push(err69);
}
errors++;
}
}
}
else {
const err70 = {instancePath:instancePath+"/log/keys/" + key12.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/log/properties/keys/additionalProperties/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.keys.additionalProperties.type,parentSchema:schema11.properties.log.properties.keys.additionalProperties,data:data24};
if(vErrors === null){
vErrors = [err70];
}
else {
vErrors.push(err70);
}
errors++;
}
}
}
else {
const err71 = {instancePath:instancePath+"/log/keys",schemaPath:"#/properties/log/properties/keys/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.keys.type,parentSchema:schema11.properties.log.properties.keys,data:data23};
if(vErrors === null){
vErrors = [err71];
}
else {
vErrors.push(err71);
}
errors++;
}
}
if(data16.models !== undefined){
let data30 = data16.models;
if(data30 && typeof data30 == "object" && !Array.isArray(data30)){
for(const key15 in data30){
const _errs88 = errors;
if(typeof key15 === "string"){
if(key15.length < 1){
const err72 = {instancePath:instancePath+"/log/models",schemaPath:"#/properties/log/properties/models/propertyNames/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.log.properties.models.propertyNames,data:key15,propertyName:key15};
if(vErrors === null){
vErrors = [err72];
}
else {
vErrors.push(err72);
}
errors++;
}
}
var valid28 = _errs88 === errors;
if(!valid28){
const err73 = {instancePath:instancePath+"/log/models",schemaPath:"#/properties/log/properties/models/propertyNames",keyword:"propertyNames",params:{propertyName: key15},message:"property name must be valid",schema:schema11.properties.log.properties.models.propertyNames,parentSchema:schema11.properties.log.properties.models,data:data30};
if(vErrors === null){
vErrors = [err73];
}
else {
vErrors.push(err73);
}
errors++;
}
}
for(const key16 in data30){
let data31 = data30[key16];
if(data31 && typeof data31 == "object" && !Array.isArray(data31)){
for(const key17 in data31){
if(!((key17 === "bodies") || (key17 === "redact"))){
const err74 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/log/properties/models/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key17},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.log.properties.models.additionalProperties,data:data31};
if(vErrors === null){
vErrors = [err74];
}
else {
vErrors.push(err74);
}
errors++;
}
}
if(data31.bodies !== undefined){
let data32 = data31.bodies;
if(!(((data32 === "full") || (data32 === "metadata")) || (data32 === "none"))){
const err75 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/bodies",schemaPath:"#/properties/log/properties/models/additionalProperties/properties/bodies/enum",keyword:"enum",params:{allowedValues: schema11.properties.log.properties.models.additionalProperties.properties.bodies.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.log.properties.models.additionalProperties.properties.bodies.enum,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.bodies,data:data32};
if(vErrors === null){
vErrors = [err75];
}
else {
vErrors.push(err75);
}
errors++;
}
}
if(data31.redact !== undefined){
let data33 = data31.redact;
if(Array.isArray(data33)){
const len5 = data33.length;
for(let i5=0; i5<len5; i5++){
let data34 = data33[i5];
if((typeof data34 !== "string") && (!(data34 && typeof data34 == "object" && !Array.isArray(data34)))){
const err76 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/type",keyword:"type",params:{type: schema11.properties.log.properties.models.additionalProperties.properties.redact.items.type},message:"must be string,object",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.type,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items,data:data34};
if(vErrors === null){
vErrors = [err76];
}
else {
vErrors.push(err76);
}
errors++;
}
const _errs98 = errors;
let valid33 = true;
const _errs99 = errors;
if(typeof data34 !== "string"){
const err77 = {};
if(vErrors === null){
vErrors = [err77];
}
else {
vErrors.push(err77);
}
errors++;
}
var _valid2 = _errs99 === errors;
errors = _errs98;
if(vErrors !== null){
if(_errs98){
vErrors.length = _errs98;
}
else {
vErrors = null;
}
}
let ifClause2;
if(_valid2){
const _errs101 = errors;
if(!(((data34 === "keys") || (data34 === "emails")) || (data34 === "cards"))){
const err78 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/then/enum",keyword:"enum",params:{allowedValues: schema11.properties.log.properties.models.additionalProperties.properties.redact.items.then.enum},message:"must be equal to one of the allowed values",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.then.enum,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.then,data:data34};
if(vErrors === null){
vErrors = [err78];
}
else {
vErrors.push(err78);
}
errors++;
}
var _valid2 = _errs101 === errors;
valid33 = _valid2;
ifClause2 = "then";
}
else {
const _errs102 = errors;
if(data34 && typeof data34 == "object" && !Array.isArray(data34)){
if(data34.name === undefined){
const err79 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.required,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else,data:data34};
if(vErrors === null){
vErrors = [err79];
}
else {
vErrors.push(err79);
}
errors++;
}
if(data34.pattern === undefined){
const err80 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/required",keyword:"required",params:{missingProperty: "pattern"},message:"must have required property '"+"pattern"+"'",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.required,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else,data:data34};
if(vErrors === null){
vErrors = [err80];
}
else {
vErrors.push(err80);
}
errors++;
}
for(const key18 in data34){
if(!((key18 === "name") || (key18 === "pattern"))){
const err81 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key18},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else,data:data34};
if(vErrors === null){
vErrors = [err81];
}
else {
vErrors.push(err81);
}
errors++;
}
}
if(data34.name !== undefined){
let data35 = data34.name;
if(typeof data35 === "string"){
if(!(formats6(data35))){
const err82 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5+"/name",schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/properties/name/format",keyword:"format",params:{format: "rule-name"},message:"must match format \""+"rule-name"+"\"",schema:"rule-name",parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.properties.name,data:data35};
if(vErrors === null){
vErrors = [err82];
}
else {
vErrors.push(err82);
}
errors++;
}
}
else {
const err83 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5+"/name",schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.properties.name.type,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.properties.name,data:data35};
if(vErrors === null){
vErrors = [err83];
}
else {
vErrors.push(err83);
}
errors++;
}
}
if(data34.pattern !== undefined){
let data36 = data34.pattern;
if(typeof data36 === "string"){
if(!(formats8(data36))){
const err84 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5+"/pattern",schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/properties/pattern/format",keyword:"format",params:{format: "linear-pattern"},message:"must match format \""+"linear-pattern"+"\"",schema:"linear-pattern",parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.properties.pattern,data:data36};
if(vErrors === null){
vErrors = [err84];
}
else {
vErrors.push(err84);
}
errors++;
}
}
else {
const err85 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5+"/pattern",schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/properties/pattern/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.properties.pattern.type,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.properties.pattern,data:data36};
if(vErrors === null){
vErrors = [err85];
}
else {
vErrors.push(err85);
}
errors++;
}
}
}
else {
const err86 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/else/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else.type,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.else,data:data34};
if(vErrors === null){
vErrors = [err86];
}
else {
vErrors.push(err86);
}
errors++;
}
var _valid2 = _errs102 === errors;
valid33 = _valid2;
ifClause2 = "else";
}
if(!valid33){
const err87 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact/" + i5,schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/items/if",keyword:"if",params:{failingKeyword: ifClause2},message:"must match \""+ifClause2+"\" schema",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items.if,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact.items,data:data34};
if(vErrors === null){
vErrors = [err87];
}
else {
vErrors.push(err87);
}
errors++;
}
}
}
else {
const err88 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1")+"/redact",schemaPath:"#/properties/log/properties/models/additionalProperties/properties/redact/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.log.properties.models.additionalProperties.properties.redact.type,parentSchema:schema11.properties.log.properties.models.additionalProperties.properties.redact,data:data33};
if(vErrors === null){
vErrors = [err88];
}
else {
vErrors.push(err88);
}
errors++;
}
}
}
else {
const err89 = {instancePath:instancePath+"/log/models/" + key16.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/log/properties/models/additionalProperties/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.models.additionalProperties.type,parentSchema:schema11.properties.log.properties.models.additionalProperties,data:data31};
if(vErrors === null){
vErrors = [err89];
}
else {
vErrors.push(err89);
}
errors++;
}
}
}
else {
const err90 = {instancePath:instancePath+"/log/models",schemaPath:"#/properties/log/properties/models/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.properties.models.type,parentSchema:schema11.properties.log.properties.models,data:data30};
if(vErrors === null){
vErrors = [err90];
}
else {
vErrors.push(err90);
}
errors++;
}
}
}
else {
const err91 = {instancePath:instancePath+"/log",schemaPath:"#/properties/log/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.log.type,parentSchema:schema11.properties.log,data:data16};
if(vErrors === null){
vErrors = [err91];
}
else {
vErrors.push(err91);
}
errors++;
}
}
if(data.provider_options !== undefined){
let data37 = data.provider_options;
if(data37 && typeof data37 == "object" && !Array.isArray(data37)){
for(const key19 in data37){
let data38 = data37[key19];
if(data38 && typeof data38 == "object" && !Array.isArray(data38)){
for(const key20 in data38){
if(!((((((key20 === "include_usage") || (key20 === "pass_headers")) || (key20 === "drop_headers")) || (key20 === "pass_query")) || (key20 === "ca")) || (key20 === "ca_file"))){
const err92 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/provider_options/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key20},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.provider_options.additionalProperties,data:data38};
if(vErrors === null){
vErrors = [err92];
}
else {
vErrors.push(err92);
}
errors++;
}
}
if(data38.include_usage !== undefined){
let data39 = data38.include_usage;
if(typeof data39 !== "boolean"){
const err93 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/include_usage",schemaPath:"#/properties/provider_options/additionalProperties/properties/include_usage/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema11.properties.provider_options.additionalProperties.properties.include_usage.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.include_usage,data:data39};
if(vErrors === null){
vErrors = [err93];
}
else {
vErrors.push(err93);
}
errors++;
}
}
if(data38.pass_headers !== undefined){
let data40 = data38.pass_headers;
if(Array.isArray(data40)){
if(data40.length < 1){
const err94 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_headers",schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_headers/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_headers,data:data40};
if(vErrors === null){
vErrors = [err94];
}
else {
vErrors.push(err94);
}
errors++;
}
const len6 = data40.length;
for(let i6=0; i6<len6; i6++){
let data41 = data40[i6];
if(typeof data41 === "string"){
if(!(formats18(data41))){
const err95 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_headers/" + i6,schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_headers/items/format",keyword:"format",params:{format: "header-pattern"},message:"must match format \""+"header-pattern"+"\"",schema:"header-pattern",parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_headers.items,data:data41};
if(vErrors === null){
vErrors = [err95];
}
else {
vErrors.push(err95);
}
errors++;
}
}
else {
const err96 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_headers/" + i6,schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_headers/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.provider_options.additionalProperties.properties.pass_headers.items.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_headers.items,data:data41};
if(vErrors === null){
vErrors = [err96];
}
else {
vErrors.push(err96);
}
errors++;
}
}
}
else {
const err97 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_headers",schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_headers/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.provider_options.additionalProperties.properties.pass_headers.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_headers,data:data40};
if(vErrors === null){
vErrors = [err97];
}
else {
vErrors.push(err97);
}
errors++;
}
}
if(data38.drop_headers !== undefined){
let data42 = data38.drop_headers;
if(Array.isArray(data42)){
if(data42.length < 1){
const err98 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/drop_headers",schemaPath:"#/properties/provider_options/additionalProperties/properties/drop_headers/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.provider_options.additionalProperties.properties.drop_headers,data:data42};
if(vErrors === null){
vErrors = [err98];
}
else {
vErrors.push(err98);
}
errors++;
}
const len7 = data42.length;
for(let i7=0; i7<len7; i7++){
let data43 = data42[i7];
if(typeof data43 === "string"){
if(!(formats18(data43))){
const err99 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/drop_headers/" + i7,schemaPath:"#/properties/provider_options/additionalProperties/properties/drop_headers/items/format",keyword:"format",params:{format: "header-pattern"},message:"must match format \""+"header-pattern"+"\"",schema:"header-pattern",parentSchema:schema11.properties.provider_options.additionalProperties.properties.drop_headers.items,data:data43};
if(vErrors === null){
vErrors = [err99];
}
else {
vErrors.push(err99);
}
errors++;
}
}
else {
const err100 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/drop_headers/" + i7,schemaPath:"#/properties/provider_options/additionalProperties/properties/drop_headers/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.provider_options.additionalProperties.properties.drop_headers.items.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.drop_headers.items,data:data43};
if(vErrors === null){
vErrors = [err100];
}
else {
vErrors.push(err100);
}
errors++;
}
}
}
else {
const err101 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/drop_headers",schemaPath:"#/properties/provider_options/additionalProperties/properties/drop_headers/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.provider_options.additionalProperties.properties.drop_headers.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.drop_headers,data:data42};
if(vErrors === null){
vErrors = [err101];
}
else {
vErrors.push(err101);
}
errors++;
}
}
if(data38.pass_query !== undefined){
let data44 = data38.pass_query;
if(Array.isArray(data44)){
if(data44.length < 1){
const err102 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_query",schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_query/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_query,data:data44};
if(vErrors === null){
vErrors = [err102];
}
else {
vErrors.push(err102);
}
errors++;
}
const len8 = data44.length;
for(let i8=0; i8<len8; i8++){
let data45 = data44[i8];
if(typeof data45 === "string"){
if(data45.length < 1){
const err103 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_query/" + i8,schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_query/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_query.items,data:data45};
if(vErrors === null){
vErrors = [err103];
}
else {
vErrors.push(err103);
}
errors++;
}
}
else {
const err104 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_query/" + i8,schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_query/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.provider_options.additionalProperties.properties.pass_query.items.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_query.items,data:data45};
if(vErrors === null){
vErrors = [err104];
}
else {
vErrors.push(err104);
}
errors++;
}
}
}
else {
const err105 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/pass_query",schemaPath:"#/properties/provider_options/additionalProperties/properties/pass_query/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema11.properties.provider_options.additionalProperties.properties.pass_query.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.pass_query,data:data44};
if(vErrors === null){
vErrors = [err105];
}
else {
vErrors.push(err105);
}
errors++;
}
}
if(data38.ca !== undefined){
let data46 = data38.ca;
if(typeof data46 === "string"){
if(!(formats22(data46))){
const err106 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/ca",schemaPath:"#/properties/provider_options/additionalProperties/properties/ca/format",keyword:"format",params:{format: "certificates"},message:"must match format \""+"certificates"+"\"",schema:"certificates",parentSchema:schema11.properties.provider_options.additionalProperties.properties.ca,data:data46};
if(vErrors === null){
vErrors = [err106];
}
else {
vErrors.push(err106);
}
errors++;
}
}
else {
const err107 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/ca",schemaPath:"#/properties/provider_options/additionalProperties/properties/ca/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.provider_options.additionalProperties.properties.ca.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.ca,data:data46};
if(vErrors === null){
vErrors = [err107];
}
else {
vErrors.push(err107);
}
errors++;
}
}
if(data38.ca_file !== undefined){
let data47 = data38.ca_file;
if(typeof data47 === "string"){
if(data47.length < 1){
const err108 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/ca_file",schemaPath:"#/properties/provider_options/additionalProperties/properties/ca_file/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.provider_options.additionalProperties.properties.ca_file,data:data47};
if(vErrors === null){
vErrors = [err108];
}
else {
vErrors.push(err108);
}
errors++;
}
}
else {
const err109 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1")+"/ca_file",schemaPath:"#/properties/provider_options/additionalProperties/properties/ca_file/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.provider_options.additionalProperties.properties.ca_file.type,parentSchema:schema11.properties.provider_options.additionalProperties.properties.ca_file,data:data47};
if(vErrors === null){
vErrors = [err109];
}
else {
vErrors.push(err109);
}
errors++;
}
}
}
else {
const err110 = {instancePath:instancePath+"/provider_options/" + key19.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/provider_options/additionalProperties/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.provider_options.additionalProperties.type,parentSchema:schema11.properties.provider_options.additionalProperties,data:data38};
if(vErrors === null){
vErrors = [err110];
}
else {
vErrors.push(err110);
}
errors++;
}
}
}
else {
const err111 = {instancePath:instancePath+"/provider_options",schemaPath:"#/properties/provider_options/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.provider_options.type,parentSchema:schema11.properties.provider_options,data:data37};
if(vErrors === null){
vErrors = [err111];
}
else {
vErrors.push(err111);
}
errors++;
}
}
if(data.limits !== undefined){
let data48 = data.limits;
if(data48 && typeof data48 == "object" && !Array.isArray(data48)){
for(const key21 in data48){
if(!(func2.call(schema11.properties.limits.properties, key21))){
const err112 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key21},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.limits,data:data48};
if(vErrors === null){
vErrors = [err112];
}
else {
vErrors.push(err112);
}
errors++;
}
}
if(data48.concurrent_requests !== undefined){
let data49 = data48.concurrent_requests;
if((!(((typeof data49 == "number") && (!(data49 % 1) && !isNaN(data49))) && (isFinite(data49)))) && (data49 !== null)){
const err113 = {instancePath:instancePath+"/limits/concurrent_requests",schemaPath:"#/properties/limits/properties/concurrent_requests/type",keyword:"type",params:{type: schema11.properties.limits.properties.concurrent_requests.type},message:"must be integer,null",schema:schema11.properties.limits.properties.concurrent_requests.type,parentSchema:schema11.properties.limits.properties.concurrent_requests,data:data49};
if(vErrors === null){
vErrors = [err113];
}
else {
vErrors.push(err113);
}
errors++;
}
if((typeof data49 == "number") && (isFinite(data49))){
if(data49 < 1 || isNaN(data49)){
const err114 = {instancePath:instancePath+"/limits/concurrent_requests",schemaPath:"#/properties/limits/properties/concurrent_requests/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema11.properties.limits.properties.concurrent_requests,data:data49};
if(vErrors === null){
vErrors = [err114];
}
else {
vErrors.push(err114);
}
errors++;
}
}
}
if(data48.body_mib !== undefined){
let data50 = data48.body_mib;
if(!(((typeof data50 == "number") && (!(data50 % 1) && !isNaN(data50))) && (isFinite(data50)))){
const err115 = {instancePath:instancePath+"/limits/body_mib",schemaPath:"#/properties/limits/properties/body_mib/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema11.properties.limits.properties.body_mib.type,parentSchema:schema11.properties.limits.properties.body_mib,data:data50};
if(vErrors === null){
vErrors = [err115];
}
else {
vErrors.push(err115);
}
errors++;
}
if((typeof data50 == "number") && (isFinite(data50))){
if(data50 > 1024 || isNaN(data50)){
const err116 = {instancePath:instancePath+"/limits/body_mib",schemaPath:"#/properties/limits/properties/body_mib/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1024},message:"must be <= 1024",schema:1024,parentSchema:schema11.properties.limits.properties.body_mib,data:data50};
if(vErrors === null){
vErrors = [err116];
}
else {
vErrors.push(err116);
}
errors++;
}
if(data50 < 1 || isNaN(data50)){
const err117 = {instancePath:instancePath+"/limits/body_mib",schemaPath:"#/properties/limits/properties/body_mib/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema11.properties.limits.properties.body_mib,data:data50};
if(vErrors === null){
vErrors = [err117];
}
else {
vErrors.push(err117);
}
errors++;
}
}
}
if(data48.first_byte_timeout_s !== undefined){
let data51 = data48.first_byte_timeout_s;
if((typeof data51 == "number") && (isFinite(data51))){
if(data51 > 86400 || isNaN(data51)){
const err118 = {instancePath:instancePath+"/limits/first_byte_timeout_s",schemaPath:"#/properties/limits/properties/first_byte_timeout_s/maximum",keyword:"maximum",params:{comparison: "<=", limit: 86400},message:"must be <= 86400",schema:86400,parentSchema:schema11.properties.limits.properties.first_byte_timeout_s,data:data51};
if(vErrors === null){
vErrors = [err118];
}
else {
vErrors.push(err118);
}
errors++;
}
if(data51 < 0.1 || isNaN(data51)){
const err119 = {instancePath:instancePath+"/limits/first_byte_timeout_s",schemaPath:"#/properties/limits/properties/first_byte_timeout_s/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema11.properties.limits.properties.first_byte_timeout_s,data:data51};
if(vErrors === null){
vErrors = [err119];
}
else {
vErrors.push(err119);
}
errors++;
}
}
else {
const err120 = {instancePath:instancePath+"/limits/first_byte_timeout_s",schemaPath:"#/properties/limits/properties/first_byte_timeout_s/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema11.properties.limits.properties.first_byte_timeout_s.type,parentSchema:schema11.properties.limits.properties.first_byte_timeout_s,data:data51};
if(vErrors === null){
vErrors = [err120];
}
else {
vErrors.push(err120);
}
errors++;
}
}
if(data48.idle_timeout_s !== undefined){
let data52 = data48.idle_timeout_s;
if((typeof data52 == "number") && (isFinite(data52))){
if(data52 > 86400 || isNaN(data52)){
const err121 = {instancePath:instancePath+"/limits/idle_timeout_s",schemaPath:"#/properties/limits/properties/idle_timeout_s/maximum",keyword:"maximum",params:{comparison: "<=", limit: 86400},message:"must be <= 86400",schema:86400,parentSchema:schema11.properties.limits.properties.idle_timeout_s,data:data52};
if(vErrors === null){
vErrors = [err121];
}
else {
vErrors.push(err121);
}
errors++;
}
if(data52 < 0.1 || isNaN(data52)){
const err122 = {instancePath:instancePath+"/limits/idle_timeout_s",schemaPath:"#/properties/limits/properties/idle_timeout_s/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema11.properties.limits.properties.idle_timeout_s,data:data52};
if(vErrors === null){
vErrors = [err122];
}
else {
vErrors.push(err122);
}
errors++;
}
}
else {
const err123 = {instancePath:instancePath+"/limits/idle_timeout_s",schemaPath:"#/properties/limits/properties/idle_timeout_s/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema11.properties.limits.properties.idle_timeout_s.type,parentSchema:schema11.properties.limits.properties.idle_timeout_s,data:data52};
if(vErrors === null){
vErrors = [err123];
}
else {
vErrors.push(err123);
}
errors++;
}
}
if(data48.slow_reader_timeout_s !== undefined){
let data53 = data48.slow_reader_timeout_s;
if((typeof data53 == "number") && (isFinite(data53))){
if(data53 > 86400 || isNaN(data53)){
const err124 = {instancePath:instancePath+"/limits/slow_reader_timeout_s",schemaPath:"#/properties/limits/properties/slow_reader_timeout_s/maximum",keyword:"maximum",params:{comparison: "<=", limit: 86400},message:"must be <= 86400",schema:86400,parentSchema:schema11.properties.limits.properties.slow_reader_timeout_s,data:data53};
if(vErrors === null){
vErrors = [err124];
}
else {
vErrors.push(err124);
}
errors++;
}
if(data53 < 0.1 || isNaN(data53)){
const err125 = {instancePath:instancePath+"/limits/slow_reader_timeout_s",schemaPath:"#/properties/limits/properties/slow_reader_timeout_s/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema11.properties.limits.properties.slow_reader_timeout_s,data:data53};
if(vErrors === null){
vErrors = [err125];
}
else {
vErrors.push(err125);
}
errors++;
}
}
else {
const err126 = {instancePath:instancePath+"/limits/slow_reader_timeout_s",schemaPath:"#/properties/limits/properties/slow_reader_timeout_s/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema11.properties.limits.properties.slow_reader_timeout_s.type,parentSchema:schema11.properties.limits.properties.slow_reader_timeout_s,data:data53};
if(vErrors === null){
vErrors = [err126];
}
else {
vErrors.push(err126);
}
errors++;
}
}
if(data48.keepalive_s !== undefined){
let data54 = data48.keepalive_s;
if((typeof data54 == "number") && (isFinite(data54))){
if(data54 > 86400 || isNaN(data54)){
const err127 = {instancePath:instancePath+"/limits/keepalive_s",schemaPath:"#/properties/limits/properties/keepalive_s/maximum",keyword:"maximum",params:{comparison: "<=", limit: 86400},message:"must be <= 86400",schema:86400,parentSchema:schema11.properties.limits.properties.keepalive_s,data:data54};
if(vErrors === null){
vErrors = [err127];
}
else {
vErrors.push(err127);
}
errors++;
}
if(data54 < 0.1 || isNaN(data54)){
const err128 = {instancePath:instancePath+"/limits/keepalive_s",schemaPath:"#/properties/limits/properties/keepalive_s/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema11.properties.limits.properties.keepalive_s,data:data54};
if(vErrors === null){
vErrors = [err128];
}
else {
vErrors.push(err128);
}
errors++;
}
}
else {
const err129 = {instancePath:instancePath+"/limits/keepalive_s",schemaPath:"#/properties/limits/properties/keepalive_s/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema11.properties.limits.properties.keepalive_s.type,parentSchema:schema11.properties.limits.properties.keepalive_s,data:data54};
if(vErrors === null){
vErrors = [err129];
}
else {
vErrors.push(err129);
}
errors++;
}
}
if(data48.first_ping_s !== undefined){
let data55 = data48.first_ping_s;
if((typeof data55 == "number") && (isFinite(data55))){
if(data55 > 86400 || isNaN(data55)){
const err130 = {instancePath:instancePath+"/limits/first_ping_s",schemaPath:"#/properties/limits/properties/first_ping_s/maximum",keyword:"maximum",params:{comparison: "<=", limit: 86400},message:"must be <= 86400",schema:86400,parentSchema:schema11.properties.limits.properties.first_ping_s,data:data55};
if(vErrors === null){
vErrors = [err130];
}
else {
vErrors.push(err130);
}
errors++;
}
if(data55 < 0.1 || isNaN(data55)){
const err131 = {instancePath:instancePath+"/limits/first_ping_s",schemaPath:"#/properties/limits/properties/first_ping_s/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema11.properties.limits.properties.first_ping_s,data:data55};
if(vErrors === null){
vErrors = [err131];
}
else {
vErrors.push(err131);
}
errors++;
}
}
else {
const err132 = {instancePath:instancePath+"/limits/first_ping_s",schemaPath:"#/properties/limits/properties/first_ping_s/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema11.properties.limits.properties.first_ping_s.type,parentSchema:schema11.properties.limits.properties.first_ping_s,data:data55};
if(vErrors === null){
vErrors = [err132];
}
else {
vErrors.push(err132);
}
errors++;
}
}
if(data48.per_key !== undefined){
let data56 = data48.per_key;
if(data56 && typeof data56 == "object" && !Array.isArray(data56)){
for(const key22 in data56){
if(!(((key22 === "requests_per_minute") || (key22 === "concurrent_streams")) || (key22 === "models"))){
const err133 = {instancePath:instancePath+"/limits/per_key",schemaPath:"#/properties/limits/properties/per_key/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key22},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.limits.properties.per_key,data:data56};
if(vErrors === null){
vErrors = [err133];
}
else {
vErrors.push(err133);
}
errors++;
}
}
if(data56.requests_per_minute !== undefined){
let data57 = data56.requests_per_minute;
if((!(((typeof data57 == "number") && (!(data57 % 1) && !isNaN(data57))) && (isFinite(data57)))) && (data57 !== null)){
const err134 = {instancePath:instancePath+"/limits/per_key/requests_per_minute",schemaPath:"#/properties/limits/properties/per_key/properties/requests_per_minute/type",keyword:"type",params:{type: schema11.properties.limits.properties.per_key.properties.requests_per_minute.type},message:"must be integer,null",schema:schema11.properties.limits.properties.per_key.properties.requests_per_minute.type,parentSchema:schema11.properties.limits.properties.per_key.properties.requests_per_minute,data:data57};
if(vErrors === null){
vErrors = [err134];
}
else {
vErrors.push(err134);
}
errors++;
}
if((typeof data57 == "number") && (isFinite(data57))){
if(data57 < 1 || isNaN(data57)){
const err135 = {instancePath:instancePath+"/limits/per_key/requests_per_minute",schemaPath:"#/properties/limits/properties/per_key/properties/requests_per_minute/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema11.properties.limits.properties.per_key.properties.requests_per_minute,data:data57};
if(vErrors === null){
vErrors = [err135];
}
else {
vErrors.push(err135);
}
errors++;
}
}
}
if(data56.concurrent_streams !== undefined){
let data58 = data56.concurrent_streams;
if((!(((typeof data58 == "number") && (!(data58 % 1) && !isNaN(data58))) && (isFinite(data58)))) && (data58 !== null)){
const err136 = {instancePath:instancePath+"/limits/per_key/concurrent_streams",schemaPath:"#/properties/limits/properties/per_key/properties/concurrent_streams/type",keyword:"type",params:{type: schema11.properties.limits.properties.per_key.properties.concurrent_streams.type},message:"must be integer,null",schema:schema11.properties.limits.properties.per_key.properties.concurrent_streams.type,parentSchema:schema11.properties.limits.properties.per_key.properties.concurrent_streams,data:data58};
if(vErrors === null){
vErrors = [err136];
}
else {
vErrors.push(err136);
}
errors++;
}
if((typeof data58 == "number") && (isFinite(data58))){
if(data58 < 1 || isNaN(data58)){
const err137 = {instancePath:instancePath+"/limits/per_key/concurrent_streams",schemaPath:"#/properties/limits/properties/per_key/properties/concurrent_streams/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema11.properties.limits.properties.per_key.properties.concurrent_streams,data:data58};
if(vErrors === null){
vErrors = [err137];
}
else {
vErrors.push(err137);
}
errors++;
}
}
}
if(data56.models !== undefined){
let data59 = data56.models;
if((!(Array.isArray(data59))) && (data59 !== null)){
const err138 = {instancePath:instancePath+"/limits/per_key/models",schemaPath:"#/properties/limits/properties/per_key/properties/models/type",keyword:"type",params:{type: schema11.properties.limits.properties.per_key.properties.models.type},message:"must be array,null",schema:schema11.properties.limits.properties.per_key.properties.models.type,parentSchema:schema11.properties.limits.properties.per_key.properties.models,data:data59};
if(vErrors === null){
vErrors = [err138];
}
else {
vErrors.push(err138);
}
errors++;
}
if(Array.isArray(data59)){
if(data59.length < 1){
const err139 = {instancePath:instancePath+"/limits/per_key/models",schemaPath:"#/properties/limits/properties/per_key/properties/models/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.limits.properties.per_key.properties.models,data:data59};
if(vErrors === null){
vErrors = [err139];
}
else {
vErrors.push(err139);
}
errors++;
}
const len9 = data59.length;
for(let i9=0; i9<len9; i9++){
let data60 = data59[i9];
if(typeof data60 === "string"){
if(data60.length < 1){
const err140 = {instancePath:instancePath+"/limits/per_key/models/" + i9,schemaPath:"#/properties/limits/properties/per_key/properties/models/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.limits.properties.per_key.properties.models.items,data:data60};
if(vErrors === null){
vErrors = [err140];
}
else {
vErrors.push(err140);
}
errors++;
}
}
else {
const err141 = {instancePath:instancePath+"/limits/per_key/models/" + i9,schemaPath:"#/properties/limits/properties/per_key/properties/models/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.limits.properties.per_key.properties.models.items.type,parentSchema:schema11.properties.limits.properties.per_key.properties.models.items,data:data60};
if(vErrors === null){
vErrors = [err141];
}
else {
vErrors.push(err141);
}
errors++;
}
}
}
}
}
else {
const err142 = {instancePath:instancePath+"/limits/per_key",schemaPath:"#/properties/limits/properties/per_key/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.limits.properties.per_key.type,parentSchema:schema11.properties.limits.properties.per_key,data:data56};
if(vErrors === null){
vErrors = [err142];
}
else {
vErrors.push(err142);
}
errors++;
}
}
if(data48.keys !== undefined){
let data61 = data48.keys;
if(data61 && typeof data61 == "object" && !Array.isArray(data61)){
for(const key23 in data61){
let data62 = data61[key23];
if(data62 && typeof data62 == "object" && !Array.isArray(data62)){
for(const key24 in data62){
if(!(((key24 === "requests_per_minute") || (key24 === "concurrent_streams")) || (key24 === "models"))){
const err143 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/limits/properties/keys/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key24},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.limits.properties.keys.additionalProperties,data:data62};
if(vErrors === null){
vErrors = [err143];
}
else {
vErrors.push(err143);
}
errors++;
}
}
if(data62.requests_per_minute !== undefined){
let data63 = data62.requests_per_minute;
if((!(((typeof data63 == "number") && (!(data63 % 1) && !isNaN(data63))) && (isFinite(data63)))) && (data63 !== null)){
const err144 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/requests_per_minute",schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/requests_per_minute/type",keyword:"type",params:{type: schema11.properties.limits.properties.keys.additionalProperties.properties.requests_per_minute.type},message:"must be integer,null",schema:schema11.properties.limits.properties.keys.additionalProperties.properties.requests_per_minute.type,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.requests_per_minute,data:data63};
if(vErrors === null){
vErrors = [err144];
}
else {
vErrors.push(err144);
}
errors++;
}
if((typeof data63 == "number") && (isFinite(data63))){
if(data63 < 1 || isNaN(data63)){
const err145 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/requests_per_minute",schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/requests_per_minute/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.requests_per_minute,data:data63};
if(vErrors === null){
vErrors = [err145];
}
else {
vErrors.push(err145);
}
errors++;
}
}
}
if(data62.concurrent_streams !== undefined){
let data64 = data62.concurrent_streams;
if((!(((typeof data64 == "number") && (!(data64 % 1) && !isNaN(data64))) && (isFinite(data64)))) && (data64 !== null)){
const err146 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/concurrent_streams",schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/concurrent_streams/type",keyword:"type",params:{type: schema11.properties.limits.properties.keys.additionalProperties.properties.concurrent_streams.type},message:"must be integer,null",schema:schema11.properties.limits.properties.keys.additionalProperties.properties.concurrent_streams.type,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.concurrent_streams,data:data64};
if(vErrors === null){
vErrors = [err146];
}
else {
vErrors.push(err146);
}
errors++;
}
if((typeof data64 == "number") && (isFinite(data64))){
if(data64 < 1 || isNaN(data64)){
const err147 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/concurrent_streams",schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/concurrent_streams/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.concurrent_streams,data:data64};
if(vErrors === null){
vErrors = [err147];
}
else {
vErrors.push(err147);
}
errors++;
}
}
}
if(data62.models !== undefined){
let data65 = data62.models;
if((!(Array.isArray(data65))) && (data65 !== null)){
const err148 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/models",schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/models/type",keyword:"type",params:{type: schema11.properties.limits.properties.keys.additionalProperties.properties.models.type},message:"must be array,null",schema:schema11.properties.limits.properties.keys.additionalProperties.properties.models.type,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.models,data:data65};
if(vErrors === null){
vErrors = [err148];
}
else {
vErrors.push(err148);
}
errors++;
}
if(Array.isArray(data65)){
if(data65.length < 1){
const err149 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/models",schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/models/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.models,data:data65};
if(vErrors === null){
vErrors = [err149];
}
else {
vErrors.push(err149);
}
errors++;
}
const len10 = data65.length;
for(let i10=0; i10<len10; i10++){
let data66 = data65[i10];
if(typeof data66 === "string"){
if(data66.length < 1){
const err150 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/models/" + i10,schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/models/items/minLength",keyword:"minLength",params:{limit: 1},message:"must NOT have fewer than 1 characters",schema:1,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.models.items,data:data66};
if(vErrors === null){
vErrors = [err150];
}
else {
vErrors.push(err150);
}
errors++;
}
}
else {
const err151 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1")+"/models/" + i10,schemaPath:"#/properties/limits/properties/keys/additionalProperties/properties/models/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.limits.properties.keys.additionalProperties.properties.models.items.type,parentSchema:schema11.properties.limits.properties.keys.additionalProperties.properties.models.items,data:data66};
if(vErrors === null){
vErrors = [err151];
}
else {
vErrors.push(err151);
}
errors++;
}
}
}
}
}
else {
const err152 = {instancePath:instancePath+"/limits/keys/" + key23.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/limits/properties/keys/additionalProperties/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.limits.properties.keys.additionalProperties.type,parentSchema:schema11.properties.limits.properties.keys.additionalProperties,data:data62};
if(vErrors === null){
vErrors = [err152];
}
else {
vErrors.push(err152);
}
errors++;
}
}
}
else {
const err153 = {instancePath:instancePath+"/limits/keys",schemaPath:"#/properties/limits/properties/keys/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.limits.properties.keys.type,parentSchema:schema11.properties.limits.properties.keys,data:data61};
if(vErrors === null){
vErrors = [err153];
}
else {
vErrors.push(err153);
}
errors++;
}
}
}
else {
const err154 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.limits.type,parentSchema:schema11.properties.limits,data:data48};
if(vErrors === null){
vErrors = [err154];
}
else {
vErrors.push(err154);
}
errors++;
}
}
}
else {
const err155 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.type,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err155];
}
else {
vErrors.push(err155);
}
errors++;
}
validate10.errors = vErrors;
return errors === 0;
}
